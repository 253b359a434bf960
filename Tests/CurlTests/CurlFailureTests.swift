import CCurl
import Testing

@testable import Curl

@Suite struct `What libcurl says` {
    @Test(
        arguments: [
            (CURLE_OK, 0, nil),
            (CURLE_COULDNT_RESOLVE_HOST, 0, .nameNotResolved),
            (CURLE_COULDNT_RESOLVE_PROXY, 0, .proxyNotResolved),
            (CURLE_COULDNT_CONNECT, 0, .connectionRefused),
            (CURLE_COULDNT_CONNECT, 403, .proxyRefused),
            (CURLE_RECV_ERROR, 407, .proxyRefused),
            (CURLE_RECV_ERROR, 200, .connectionClosed),
            (CURLE_RECV_ERROR, 0, .connectionClosed),
            (CURLE_PEER_FAILED_VERIFICATION, 200, .certificateRefused),
            (CURLE_SSL_CACERT_BADFILE, 0, .authoritiesUnreadable),
            (CURLE_SSL_CONNECT_ERROR, 0, .handshakeFailed),
            (CURLE_OPERATION_TIMEDOUT, 0, .timedOut),
            (CURLE_PARTIAL_FILE, 0, .connectionClosed),
            (CURLE_WRITE_ERROR, 0, .answerTooLarge),
            (CURLE_OUT_OF_MEMORY, 0, .resourcesExhausted),
            (CURLE_UNSUPPORTED_PROTOCOL, 0, .addressRefused),
            (CURLE_WEIRD_SERVER_REPLY, 0, .unreadable),
        ] as [(CURLcode, Int, CurlFailure?)])
    func `is told apart`(_ code: CURLcode, _ proxyStatus: Int, _ failure: CurlFailure?) {
        #expect(CurlFailure(code, proxyStatus: proxyStatus) == failure)
    }
}
