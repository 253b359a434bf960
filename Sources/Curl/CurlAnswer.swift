import Secrets

/// How a transfer ended, and what was read until then.
package struct CurlAnswer: ~Copyable, Sendable {
    /// Why it ended before its end; nil when it did not.
    package let failure: CurlFailure?
    /// Whether the request may have left this machine. False only when it surely did not.
    package let wasSent: Bool
    /// What came of an answer.
    package let head: CurlHead?
    private let bytes: SecretBytes

    init(
        failure: CurlFailure?, wasSent: Bool, head: CurlHead?, body: consuming SecretBytes
    ) {
        self.failure = failure
        self.wasSent = wasSent
        self.head = head
        self.bytes = body
    }

    /// The body as far as it was read, in the buffer that came with the request.
    package consuming func body() -> SecretBytes { bytes }
}

/// The head of a final answer, read up to its blank line.
package struct CurlHead: Sendable {
    /// The status, 200 or more.
    package let status: Int
    /// The headers that were asked for, by their names in lower case.
    package let headers: [String: String]
}
