import COpenSSL

/// libcrypto's random generators (SP 800-90A).
package enum Random {
    /// `count` bytes that may be seen: nonces, salts, identifiers.
    package static func bytes(_ count: Int) throws(OpenSSLError) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: count)
        let ok = out.withUnsafeMutableBufferPointer {
            RAND_bytes($0.baseAddress, Int32(count)) == 1
        }
        try require(ok, "RAND_bytes")
        return out
    }

    /// `count` bytes that must never be seen, from the private generator.
    package static func secret(_ count: Int) throws(OpenSSLError) -> SecureBuffer {
        var out = try SecureBuffer(capacity: count)
        try out.fill { (target) throws(OpenSSLError) in
            let start = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
            try require(RAND_priv_bytes(start, Int32(count)) == 1, "RAND_priv_bytes")
            return count
        }
        return out
    }
}

/// Comparison that takes as long for unequal bytes as for equal ones.
package enum ConstantTime {
    /// Whether both have the same length and the same bytes. The lengths are not secret.
    package static func equal(_ a: Span<UInt8>, _ b: Span<UInt8>) -> Bool {
        guard a.count == b.count else { return false }
        return a.withUnsafeBufferPointer { a in
            b.withUnsafeBufferPointer { b in
                guard let left = a.baseAddress, let right = b.baseAddress else { return true }
                return CRYPTO_memcmp(left, right, a.count) == 0
            }
        }
    }
}

/// The library that is linked.
package enum OpenSSLVersion {
    /// For example `OpenSSL 3.0.19 27 Jan 2026`.
    package static var text: String { String(cString: OpenSSL_version(OPENSSL_VERSION)) }
}
