import Testing

@testable import Rotations

struct ASCIITests {
    @Test func `digits and letters are those of ASCII and no other bytes`() {
        let bytes = UInt8.min...UInt8.max
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
        #expect(bytes.filter(\.isDigit) == Array("0123456789".utf8))
        #expect(bytes.filter(\.isLetter) == Array(letters.utf8))
    }
}
