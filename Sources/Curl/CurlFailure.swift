import CCurl

/// Why a transfer did not come to its end. libcurl's own texts quote names and headers, so they
/// are never asked for.
package enum CurlFailure: Error, Hashable, Sendable, CaseIterable {
    /// There is no libcurl, or none that can be used.
    case libraryMissing
    /// This libcurl refuses an option that our safety rests on.
    case optionRefused
    /// The `CurlMulti` was closed before.
    case multiClosed
    /// Memory, threads or sockets have run out.
    case resourcesExhausted
    /// The URL has a scheme that is not allowed, or is none.
    case addressRefused
    /// The host's name has no address.
    case nameNotResolved
    /// The proxy's name has no address.
    case proxyNotResolved
    /// The proxy was reached and would not connect us.
    case proxyRefused
    /// The host, or the proxy before it, did not take the connection.
    case connectionRefused
    /// The file of certificate authorities cannot be read.
    case authoritiesUnreadable
    /// The host's certificate is not trusted, is out of date or bears another name.
    case certificateRefused
    /// TLS did not come about for another reason.
    case handshakeFailed
    /// A time limit passed.
    case timedOut
    /// The connection ended, or was to be used for a second sending, which was forbidden.
    case connectionClosed
    /// The answer did not fit into its buffer.
    case answerTooLarge
    /// What came is not HTTP.
    case unreadable
}

extension CurlFailure {
    /// Nil for success. `proxyStatus` is what a proxy answered to CONNECT, or 0.
    init?(_ code: CURLcode, proxyStatus: Int) {
        switch code {
        case CURLE_OK: return nil
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT: self = .addressRefused
        case CURLE_COULDNT_RESOLVE_HOST: self = .nameNotResolved
        case CURLE_COULDNT_RESOLVE_PROXY: self = .proxyNotResolved
        case CURLE_PROXY: self = .proxyRefused
        case CURLE_COULDNT_CONNECT, CURLE_INTERFACE_FAILED: self = .connectionRefused
        case CURLE_SSL_CACERT_BADFILE: self = .authoritiesUnreadable
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS:
            self = .certificateRefused
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER, CURLE_USE_SSL_FAILED,
            CURLE_SSL_ENGINE_INITFAILED, CURLE_SSL_CERTPROBLEM:
            self = .handshakeFailed
        case CURLE_OPERATION_TIMEDOUT: self = .timedOut
        case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE,
            CURLE_HTTP2, CURLE_HTTP2_STREAM, CURLE_ABORTED_BY_CALLBACK:
            self = .connectionClosed
        case CURLE_WRITE_ERROR: self = .answerTooLarge
        case CURLE_OUT_OF_MEMORY, CURLE_FAILED_INIT: self = .resourcesExhausted
        default: self = .unreadable
        }
        // A proxy that says no ends as RECV_ERROR or COULDNT_CONNECT, by libcurl's version.
        if proxyStatus >= 300, self == .connectionClosed || self == .connectionRefused {
            self = .proxyRefused
        }
    }
}
