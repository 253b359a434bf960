import Curl

/// Why there is no answer, told apart by the one thing that matters: whether the request may have
/// arrived. What is doubtful is unsettled.
package enum TransportError: Error, Hashable, Sendable {
    /// Nothing was sent, so nothing can have happened.
    case unreachable(Unreachable)
    /// It was sent, or part of it was, and no usable answer came. It may have happened.
    case unsettled(Unsettled)

    /// Why nothing was sent.
    package enum Unreachable: Hashable, Sendable, CaseIterable {
        /// The host's name has no address.
        case nameNotResolved
        /// The host, or the proxy before it, did not take the connection.
        case connectionRefused
        /// The host's certificate is not trusted, is out of date, or bears another name.
        case certificateRefused
        /// The file of certificate authorities cannot be read.
        case authoritiesUnreadable
        /// TLS did not come about for another reason.
        case tlsFailed
        /// The proxy is not there, or would not connect us.
        case proxyFailed
        /// A limit passed before there was a connection.
        case connectTimedOut
        /// The address is one that credentials are not sent to.
        case insecureAddress
        /// libcurl is not installed, is older than 7.85, or lacks an option that safety rests on.
        case libraryMissing
        /// Memory, threads or sockets have run out.
        case resourcesExhausted
        /// The transport was closed before.
        case transportClosed
    }

    /// Why no usable answer came.
    package enum Unsettled: Hashable, Sendable, CaseIterable {
        /// The time limit passed.
        case timedOut
        /// The connection ended before an answer had begun.
        case closed
        /// What came is not the head of an answer, or not all of one.
        case brokenAnswer
    }
}

extension TransportError {
    /// What a failed transfer means when no head of an answer was read.
    init(_ failure: CurlFailure?, wasSent: Bool) {
        self = wasSent ? .unsettled(Unsettled(failure)) : .unreachable(Unreachable(failure))
    }
}

extension TransportError.Unsettled {
    fileprivate init(_ failure: CurlFailure?) {
        switch failure {
        case .timedOut: self = .timedOut
        // After a first sending the rest can come of a second attempt only: the first connection
        // had ended, and connecting again did not succeed.
        case .connectionClosed, .nameNotResolved, .proxyNotResolved,
            .proxyRefused, .connectionRefused, .authoritiesUnreadable, .certificateRefused,
            .handshakeFailed, .libraryMissing, .optionRefused, .multiClosed, .resourcesExhausted:
            self = .closed
        // To libcurl, an answer without a status line is the protocol HTTP/0.9, which is refused.
        case .addressRefused, .unreadable, .answerTooLarge, nil: self = .brokenAnswer
        }
    }
}

extension TransportError.Unreachable {
    fileprivate init(_ failure: CurlFailure?) {
        switch failure {
        case .nameNotResolved: self = .nameNotResolved
        case .proxyNotResolved, .proxyRefused: self = .proxyFailed
        case .certificateRefused: self = .certificateRefused
        case .authoritiesUnreadable: self = .authoritiesUnreadable
        case .handshakeFailed: self = .tlsFailed
        case .timedOut: self = .connectTimedOut
        case .addressRefused: self = .insecureAddress
        case .libraryMissing, .optionRefused: self = .libraryMissing
        case .resourcesExhausted: self = .resourcesExhausted
        case .multiClosed: self = .transportClosed
        case .connectionRefused, .connectionClosed, .unreadable, .answerTooLarge, nil:
            self = .connectionRefused
        }
    }
}

extension TransportError: CustomStringConvertible {
    /// One sentence, for a message.
    package var description: String {
        switch self {
        case .unreachable(.nameNotResolved): "the host's name could not be resolved"
        case .unreachable(.connectionRefused): "the connection was refused"
        case .unreachable(.certificateRefused): "the host's certificate is not to be trusted"
        case .unreachable(.authoritiesUnreadable):
            "the file of certificate authorities cannot be read"
        case .unreachable(.tlsFailed): "no TLS connection could be made"
        case .unreachable(.proxyFailed): "the proxy did not connect us to the host"
        case .unreachable(.connectTimedOut): "connecting took longer than its limit"
        case .unreachable(.insecureAddress): "the address is not one to send credentials to"
        case .unreachable(.libraryMissing): "libcurl 7.85 or newer is not installed"
        case .unreachable(.resourcesExhausted): "memory, threads or sockets have run out"
        case .unreachable(.transportClosed): "the program is about to end"
        case .unsettled(.timedOut): "the request was sent, and no answer came in time"
        case .unsettled(.closed): "the request was sent, and the connection ended unanswered"
        case .unsettled(.brokenAnswer): "the request was sent, and the answer is not readable"
        }
    }
}
