import COpenSSL

/// AES-256-GCM (SP 800-38D) in the one form that this program uses: keys of 32 bytes, nonces of
/// 12, tags of 16. Every other length is refused before libcrypto sees it, since libcrypto itself
/// accepts tags from one byte on.
package enum AESGCM {
    /// Bytes of a key.
    package static let keyByteCount = 32
    /// Bytes of a nonce.
    package static let nonceByteCount = 12
    /// Bytes of a tag.
    package static let tagByteCount = 16
    /// The longest message, 1 MiB: libcrypto's lengths are 32-bit, and no secret is near it.
    package static let maximumByteCount = 1 << 20

    /// Seals one message; the ciphertext is followed by its tag of 16 bytes.
    package static func seal(
        _ message: Span<UInt8>, key: Span<UInt8>, nonce: [UInt8], associatedData: [UInt8]
    ) throws(OpenSSLError) -> [UInt8] {
        var sealer = try Sealer(
            key: key, nonce: nonce, associatedData: associatedData, capacity: message.count)
        return try sealer.seal(message)
    }

    /// Opens what `seal` made. Throws `authenticationFailed` for every cause, and then no byte of
    /// the message is left anywhere: libcrypto writes it out before it has checked the tag.
    package static func open(
        _ sealed: Span<UInt8>, key: Span<UInt8>, nonce: [UInt8], associatedData: [UInt8]
    ) throws(OpenSSLError) -> SecureBuffer {
        guard key.count == keyByteCount, nonce.count == nonceByteCount,
            sealed.count >= tagByteCount, sealed.count <= maximumByteCount + tagByteCount
        else { throw .invalidLength }
        let context = try Context()
        let length = sealed.count - tagByteCount
        var message = try SecureBuffer(capacity: length)
        let ok = sealed.withUnsafeBufferPointer { sealed -> Bool in
            guard let start = sealed.baseAddress,
                context.start(key: key, nonce: nonce, encrypting: false),
                context.authenticate(associatedData)
            else { return false }
            var written: Int32 = 0
            var isAuthentic = false
            message.fill { target in
                let out = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
                guard
                    EVP_DecryptUpdate(
                        context.raw, out, &written, start, Int32(length)) == 1,
                    EVP_CIPHER_CTX_ctrl(
                        context.raw, EVP_CTRL_AEAD_SET_TAG, Int32(tagByteCount),
                        UnsafeMutableRawPointer(mutating: start + length)) == 1
                else { return 0 }
                isAuthentic = EVP_DecryptFinal_ex(context.raw, out, &written) == 1
                return isAuthentic ? length : 0
            }
            return isAuthentic
        }
        guard ok else {
            message.removeAll()
            ERR_clear_error()
            throw .authenticationFailed
        }
        return message
    }

    /// A sealing that has everything it needs before its message is there: the key is scheduled,
    /// the associated data is in, and the room for the ciphertext is allocated.
    package struct Sealer: ~Copyable {
        private let context: Context
        private var out: [UInt8]

        /// Prepares to seal one message of at most `capacity` bytes.
        package init(
            key: Span<UInt8>, nonce: [UInt8], associatedData: [UInt8], capacity: Int
        ) throws(OpenSSLError) {
            guard key.count == keyByteCount, nonce.count == nonceByteCount,
                capacity <= maximumByteCount
            else { throw .invalidLength }
            let context = try Context()
            try require(
                context.start(key: key, nonce: nonce, encrypting: true)
                    && context.authenticate(associatedData), "AES-256-GCM")
            self.context = context
            out = [UInt8](repeating: 0, count: capacity + tagByteCount)
        }

        /// Seals the message; the ciphertext is followed by its tag. Once only.
        package mutating func seal(_ message: Span<UInt8>) throws(OpenSSLError) -> [UInt8] {
            guard message.count + tagByteCount <= out.count else { throw .invalidLength }
            let length = message.count
            let raw = context
            let ok = out.withUnsafeMutableBufferPointer { out in
                message.withUnsafeBufferPointer { message in
                    guard let target = out.baseAddress else { return false }
                    var written: Int32 = 0
                    // A nil input would be taken for associated data.
                    if let start = message.baseAddress, length > 0 {
                        guard
                            EVP_EncryptUpdate(
                                raw.raw, target, &written, start, Int32(length)) == 1
                        else { return false }
                    }
                    return EVP_EncryptFinal_ex(raw.raw, target + length, &written) == 1
                        && EVP_CIPHER_CTX_ctrl(
                            raw.raw, EVP_CTRL_AEAD_GET_TAG, Int32(tagByteCount), target + length)
                            == 1
                }
            }
            try require(ok, "AES-256-GCM")
            out.removeLast(out.count - length - tagByteCount)
            return out
        }
    }
}

/// A cipher context, cleared when it ends.
private final class Context: @unchecked Sendable {
    // Sendable: it has one user at a time, the noncopyable sealing that owns it.
    let raw: OpaquePointer

    init() throws(OpenSSLError) {
        guard let raw = EVP_CIPHER_CTX_new() else {
            throw .failed(operation: "EVP_CIPHER_CTX_new")
        }
        self.raw = raw
    }

    deinit { EVP_CIPHER_CTX_free(raw) }

    func start(key: Span<UInt8>, nonce: [UInt8], encrypting: Bool) -> Bool {
        key.withUnsafeBufferPointer { key in
            EVP_CipherInit_ex(
                raw, EVP_aes_256_gcm(), nil, key.baseAddress, nonce, encrypting ? 1 : 0) == 1
        }
    }

    func authenticate(_ associatedData: [UInt8]) -> Bool {
        var written: Int32 = 0
        return associatedData.isEmpty
            || EVP_CipherUpdate(
                raw, nil, &written, associatedData, Int32(associatedData.count)) == 1
    }
}
