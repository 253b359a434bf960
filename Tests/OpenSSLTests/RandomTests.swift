import OpenSSL
import Testing
import VectorFiles

struct RandomTests {
    @Test func `it has as many bytes as were asked for, never the same`() throws {
        #expect(try Random.bytes(0) == [])
        let drawn = try (0..<100).map { _ in try Random.bytes(16) }
        #expect(drawn.allSatisfy { $0.count == 16 })
        #expect(Set(drawn).count == 100)
        let secrets = try (0..<100).map { _ in
            let secret = try Random.secret(16)
            return array(secret.bytes)
        }
        #expect(secrets.allSatisfy { $0.count == 16 })
        #expect(Set(secrets).count == 100)
    }

    @Test(
        arguments: [
            ([], [], true), ([1, 2], [1, 2], true), ([1, 2], [1, 3], false),
            ([1, 2], [0, 2], false),
            ([1], [1, 2], false), ([], [0], false),
        ] as [([UInt8], [UInt8], Bool)])
    func `bytes are equal when length and content are`(
        _ left: [UInt8], _ right: [UInt8], _ isEqual: Bool
    ) {
        #expect(ConstantTime.equal(left.span, right.span) == isEqual)
        #expect(ConstantTime.equal(right.span, left.span) == isEqual)
    }

    @Test func `the library is OpenSSL 3`() {
        #expect(OpenSSLVersion.text.hasPrefix("OpenSSL 3."))
    }
}
