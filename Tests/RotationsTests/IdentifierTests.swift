import Testing

@testable import Rotations

@Suite struct IdentifierTests {
    private let time = Timestamp(milliseconds: 1_777_886_400_000)

    @Test func `has 26 characters that sort by time`() {
        let earlier = Identifier(at: time, random: [UInt8](repeating: 255, count: 10))
        let later = Identifier(
            at: time + Interval(seconds: 1), random: [UInt8](repeating: 0, count: 10))
        #expect(earlier.text.utf8.count == 26)
        #expect(earlier < later)
        #expect(Identifier(earlier.text) == earlier)
        #expect(earlier.text.hasSuffix("ZZZZZZZZZZZZZZZZ"))
    }

    @Test(arguments: [
        "", "01ARZ3NDEKTSV4RRFFQ69G5FA", "01ARZ3NDEKTSV4RRFFQ69G5FAVX",
        "01ARZ3NDEKTSV4RRFFQ69G5FAu", "01ARZ3NDEKTSV4RRFFQ69G5FAU", "../../../../../../etc/pas",
    ])
    func `what has another form is none`(_ text: String) {
        #expect(Identifier(text) == nil)
    }

    @Test func `an attempt's name fits Pinecone's 80 bytes, and drops an earlier attempt`() {
        let attempt = Identifier(at: time, random: [UInt8](repeating: 9, count: 10))
        let first = AttemptName.make(base: "search", attempt: attempt)
        #expect(first == "search~\(attempt.text)")
        #expect(AttemptName.make(base: first, attempt: attempt) == first)
        #expect(AttemptName.make(base: "a~b", attempt: attempt) == "a~b~\(attempt.text)")
        let long = AttemptName.make(
            base: String(repeating: "é", count: 60), attempt: attempt)
        #expect(long.utf8.count <= 80)
        #expect(long == String(repeating: "é", count: 26) + "~\(attempt.text)")
    }
}
