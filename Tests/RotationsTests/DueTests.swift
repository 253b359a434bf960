import Testing

@testable import Rotations

struct DueTests {
    @Test func `its time has come at its instant and after`() {
        let due = Due(at: at("2026-05-04"), why: .interval, mustBeBefore: nil)
        #expect(!due.isNow(at("2026-05-03T23:59:59.999Z")))
        #expect(due.isNow(at("2026-05-04")))
        #expect(due.isNow(.latest))
    }

    @Test func `each reason has its own text`() {
        let texts = Set(Due.Reason.allCases.map(\.text))
        #expect(texts.count == Due.Reason.allCases.count)
        #expect(texts.allSatisfy { !$0.isEmpty && $0.last != "." })
    }
}
