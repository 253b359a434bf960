import COpenSSL

/// SHA-256 (FIPS 180-4), whole messages and by parts.
package struct SHA256: ~Copyable {
    /// The number of bytes of a hash.
    package static let byteCount = 32

    private let context: OpaquePointer

    /// Starts a hash that is fed by parts.
    package init() {
        guard let context = EVP_MD_CTX_new(), let digest = EVP_sha256(),
            EVP_DigestInit_ex(context, digest, nil) == 1
        else { fatalError("libcrypto has no SHA-256") }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Adds the next part.
    package mutating func update(_ part: Span<UInt8>) {
        part.withUnsafeBufferPointer {
            precondition(EVP_DigestUpdate(context, $0.baseAddress, $0.count) == 1)
        }
    }

    /// The 32 bytes of the hash of all parts.
    package consuming func finalize() -> [UInt8] {
        var out = [UInt8](repeating: 0, count: Self.byteCount)
        out.withUnsafeMutableBufferPointer {
            precondition(EVP_DigestFinal_ex(context, $0.baseAddress, nil) == 1)
        }
        return out
    }

    /// The 32 bytes of the hash of `message`.
    package static func hash(_ message: Span<UInt8>) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: byteCount)
        out.withUnsafeMutableBufferPointer { target in
            message.withUnsafeBufferPointer { source in
                let ok = EVP_Digest(
                    source.baseAddress, source.count, target.baseAddress, nil, EVP_sha256(), nil)
                precondition(ok == 1)
            }
        }
        return out
    }

    /// The 32 bytes of the hash of `message`.
    package static func hash(_ message: [UInt8]) -> [UInt8] { hash(message.span) }
}

/// HMAC-SHA-256 (RFC 2104, FIPS 198-1).
package enum HMAC {
    /// The 32 bytes of the code over `message`.
    package static func sha256(
        key: Span<UInt8>, message: Span<UInt8>
    ) throws(OpenSSLError) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: 32)
        let ok = out.withUnsafeMutableBytes { target in
            key.withUnsafeBufferPointer { key in
                message.withUnsafeBufferPointer { message in
                    co_hmac_sha256(
                        key.baseAddress, key.count, message.baseAddress, message.count,
                        target.baseAddress) == 1
                }
            }
        }
        try require(ok, "HMAC")
        return out
    }
}

/// HKDF-SHA-256 (RFC 5869), extract and expand.
package enum HKDF {
    /// `count` bytes (at most 8,160) of key material, on the secure heap.
    package static func sha256(
        key: Span<UInt8>, salt: [UInt8], info: [UInt8], count: Int
    ) throws(OpenSSLError) -> SecureBuffer {
        guard count >= 1, count <= 255 * 32 else { throw .invalidLength }
        var out = try SecureBuffer(capacity: count)
        try out.fill { (target) throws(OpenSSLError) in
            let ok = key.withUnsafeBufferPointer { key in
                salt.withUnsafeBytes { salt in
                    info.withUnsafeBytes { info in
                        co_hkdf_sha256(
                            key.baseAddress, key.count, salt.baseAddress, salt.count,
                            info.baseAddress, info.count, target.baseAddress, count) == 1
                    }
                }
            }
            try require(ok, "HKDF")
            return count
        }
        return out
    }
}

/// scrypt (RFC 7914).
package enum Scrypt {
    /// `count` bytes of key material, on the secure heap.
    ///
    /// - Parameters:
    ///   - n: the cost, a power of two, at most 2^20.
    ///   - r: the block size.
    ///   - p: the parallelization; `r * p` is at most 16, so that a hostile file cannot exhaust
    ///     memory.
    package static func derive(
        passphrase: Span<UInt8>, salt: [UInt8], n: Int, r: Int, p: Int, count: Int
    ) throws(OpenSSLError) -> SecureBuffer {
        // Each factor by itself first: their product could overflow.
        guard n > 1, n & (n - 1) == 0, n <= 1 << 20, (1...16).contains(r), (1...16).contains(p),
            r * p <= 16, count >= 1
        else { throw .invalidLength }
        // 128 * N * r is what the algorithm needs; libcrypto's own default stops at 32 MiB.
        let limit = UInt64(128 * n * r + 128 * r * p + (16 << 20))
        var out = try SecureBuffer(capacity: count)
        try out.fill { (target) throws(OpenSSLError) in
            let ok = passphrase.withUnsafeBufferPointer { passphrase in
                salt.withUnsafeBytes { salt in
                    co_scrypt(
                        passphrase.baseAddress, passphrase.count, salt.baseAddress, salt.count,
                        UInt64(n), UInt64(r), UInt64(p), limit, target.baseAddress, count) == 1
                }
            }
            try require(ok, "scrypt")
            return count
        }
        return out
    }
}
