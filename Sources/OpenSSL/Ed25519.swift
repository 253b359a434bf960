import COpenSSL

/// Ed25519 (RFC 8032), pure, without context or prehash.
package enum Ed25519 {
    /// Bytes of a seed, which RFC 8032 calls the private key.
    package static let seedByteCount = 32
    /// Bytes of a public key.
    package static let publicKeyByteCount = 32
    /// Bytes of a signature.
    package static let signatureByteCount = 64

    /// A private key, ready to sign.
    package final class PrivateKey: @unchecked Sendable {
        // Sendable: an EVP_PKEY is not changed after it was made, and each signature has a
        // context of its own.
        private let raw: OpaquePointer
        /// The public key, 32 bytes.
        package let publicKey: [UInt8]

        /// The key of a seed of 32 bytes.
        package init(seed: Span<UInt8>) throws(OpenSSLError) {
            guard seed.count == seedByteCount else { throw .invalidLength }
            let made = seed.withUnsafeBufferPointer {
                EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, $0.baseAddress, $0.count)
            }
            guard let made = made else { throw .failed(operation: "Ed25519 key") }
            raw = made
            var key = [UInt8](repeating: 0, count: publicKeyByteCount)
            var length = publicKeyByteCount
            let ok = EVP_PKEY_get_raw_public_key(made, &key, &length) == 1
            publicKey = key
            try require(ok && length == publicKeyByteCount, "Ed25519 public key")
        }

        deinit { EVP_PKEY_free(raw) }

        /// The signature of 64 bytes over `message`.
        package func sign(_ message: [UInt8]) throws(OpenSSLError) -> [UInt8] {
            guard let context = EVP_MD_CTX_new() else {
                throw .failed(operation: "EVP_MD_CTX_new")
            }
            defer { EVP_MD_CTX_free(context) }
            var signature = [UInt8](repeating: 0, count: signatureByteCount)
            var length = signatureByteCount
            let ok =
                EVP_DigestSignInit(context, nil, nil, nil, raw) == 1
                && EVP_DigestSign(context, &signature, &length, message, message.count) == 1
            try require(ok && length == signatureByteCount, "Ed25519 signature")
            return signature
        }
    }

    /// Whether `signature` is `publicKey`'s over `message`. Wrong lengths are a no.
    package static func isValid(
        _ signature: [UInt8], over message: [UInt8], publicKey: [UInt8]
    ) -> Bool {
        guard signature.count == signatureByteCount, publicKey.count == publicKeyByteCount,
            let key = EVP_PKEY_new_raw_public_key(
                EVP_PKEY_ED25519, nil, publicKey, publicKeyByteCount)
        else {
            ERR_clear_error()
            return false
        }
        defer { EVP_PKEY_free(key) }
        guard let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        let ok =
            EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1
            && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
        if !ok { ERR_clear_error() }
        return ok
    }
}
