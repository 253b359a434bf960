import COpenSSL

/// Why libcrypto did not do what it was asked.
package enum OpenSSLError: Error, Hashable, Sendable {
    /// The secure heap is full, or could not be made.
    case secureHeapExhausted
    /// The tag is wrong: another key, or changed data. Which of the two is never told apart here.
    case authenticationFailed
    /// A key, nonce, tag, salt or message has a length that this program does not use.
    case invalidLength
    /// libcrypto reported a failure of the named operation, and nothing is said of the data.
    case failed(operation: String)
}

/// Throws `failed`, and drains libcrypto's error queue: its texts may quote data.
func require(_ ok: Bool, _ operation: String) throws(OpenSSLError) {
    guard ok else {
        ERR_clear_error()
        throw OpenSSLError.failed(operation: operation)
    }
}
