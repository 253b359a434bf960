import CCurl
import Secrets

/// One request on its way: its memory, what was seen so far, and who waits for its end.
final class CurlTransfer: @unchecked Sendable {
    // Sendable although it changes: it belongs to the caller until it is handed over, then to the
    // thread of `CurlMulti` alone, and to the caller again once `waiting` was resumed. The lock of
    // the queue and the resumption order the three.
    let url: String
    let host: String
    let isLoopback: Bool
    let method: String
    let keptHeaders: [String]
    let mayReuseConnection: Bool
    let mayBeResent: Bool
    let lines: SecretBytes
    let body: SecretBytes?
    private var answer: SecretBytes?

    /// Who is resumed when it has ended.
    var waiting: CheckedContinuation<Void, Never>?
    /// The list over `lines` that libcurl reads, while it runs.
    var list: UnsafeMutablePointer<curl_slist>?

    private var failure: CurlFailure?
    private var timesSent = 0
    private var head = CurlHeadReader()

    init(_ request: consuming CurlRequest) {
        url = request.url
        host = request.host
        isLoopback = request.isLoopback
        method = request.method
        keptHeaders = request.keptHeaders
        mayReuseConnection = request.mayReuseConnection
        mayBeResent = request.mayBeResent
        lines = request.lines
        body = request.body
        answer = .some(request.answer)
    }

    /// What became of it. Once, after its end.
    func takeAnswer() -> CurlAnswer {
        guard let body = answer.take() else { preconditionFailure("the answer was taken before") }
        return CurlAnswer(
            failure: failure, wasSent: timesSent > 0, head: head.final, body: body)
    }

    /// Ends it: no callback comes any more.
    func end(_ failure: CurlFailure?) {
        self.failure = failure
        let waiting = waiting.take()
        // The last thing here: from now on it is the caller's.
        waiting?.resume()
    }
}

// What libcurl calls, on the thread of `CurlMulti`.
extension CurlTransfer {
    /// Whether the request may go out now. libcurl asks before each sending (multi.c, MSTATE_DO),
    /// also when it wants to send again by itself: after a reused connection died, a refused
    /// HTTP/2 stream, a downgrade to HTTP/1.1 (transfer.c, Curl_retry_request). So "nothing was
    /// sent" is "it never asked", and one no makes a second sending impossible.
    func maySend() -> Bool {
        guard timesSent == 0 || mayBeResent else { return false }
        timesSent += 1
        return true
    }

    /// Takes one header line.
    func read(line: UnsafeBufferPointer<UInt8>) {
        head.read(line, keeping: keptHeaders)
    }

    /// Takes a piece of the body and returns how much of it fitted. Less than all ends the transfer.
    func read(body piece: UnsafeBufferPointer<UInt8>) -> Int {
        answer?.append(piece.span) ?? 0
    }
}
