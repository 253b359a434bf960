import Testing

@testable import Rotations

struct FloorDivisionTests {
    @Test(arguments: -20...20)
    func `quotient and remainder make the number and the remainder is never negative`(_ n: Int) {
        let (quotient, remainder) = n.floorDivided(by: 7)
        #expect(quotient * 7 + remainder == n)
        #expect((0..<7).contains(remainder))
    }
}
