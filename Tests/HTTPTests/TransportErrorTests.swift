import Curl
import Testing

@testable import HTTP

@Suite struct `A transport error` {
    @Test(arguments: CurlFailure.allCases)
    func `is unsettled whenever something may have been sent`(_ failure: CurlFailure) {
        guard case .unsettled = TransportError(failure, wasSent: true),
            case .unreachable = TransportError(failure, wasSent: false)
        else {
            Issue.record("\(failure) is told apart wrongly")
            return
        }
    }

    @Test func `is unsettled when nothing at all is known`() {
        #expect(TransportError(nil, wasSent: true) == .unsettled(.brokenAnswer))
    }

    @Test func `says in one sentence what happened`() {
        let errors =
            TransportError.Unreachable.allCases.map(TransportError.unreachable)
            + TransportError.Unsettled.allCases.map(TransportError.unsettled)
        #expect(Set(errors.map(\.description)).count == errors.count)
    }
}
