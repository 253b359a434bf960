import Secrets
import Testing
import Vault
import VectorFiles

struct RootKeyTests {
    @Test(
        arguments: [
            Array(repeating: UInt8(0xAB), count: 32),
            Array(String(repeating: "ab", count: 32).utf8),
            Array(String(repeating: "aB", count: 32).utf8),
            Array((String(repeating: "AB", count: 32) + "\n").utf8),
        ] as [[UInt8]])
    func `each form of a key file holds the same key`(_ contents: [UInt8]) throws {
        #expect(try keyID(contents) == makeVault(key: 0xAB).keyID)
    }

    @Test func `what is written is read back`() throws {
        let key = try RootKey.generate()
        let contents = try key.fileContents()
        let text = array(contents.bytes)
        #expect(text.count == 65)
        #expect(text.last == 0x0a)
        #expect(text.dropLast().allSatisfy { Array("0123456789abcdef".utf8).contains($0) })
        let read = try RootKey(reading: contents)
        let made = try Vault(id: "v", rootKey: key)
        let again = try Vault(id: "v", rootKey: read)
        #expect(made.keyID == again.keyID)
    }

    @Test func `generated keys differ`() throws {
        let ids = try (0..<20).map { _ in
            let key = try RootKey.generate()
            return try Vault(id: "v", rootKey: key).keyID
        }
        #expect(Set(ids).count == 20)
    }

    @Test func `a text of 32 digits is raw bytes and not half a key`() throws {
        let digits = Array(String(repeating: "ab", count: 16).utf8)
        #expect(try keyID(digits) != makeVault(key: 0xAB).keyID)
    }

    @Test(arguments: [
        "", "\n", String(repeating: "a", count: 31), String(repeating: "a", count: 33),
        String(repeating: "a", count: 63), String(repeating: "a", count: 65),
        String(repeating: "a", count: 66), String(repeating: "a", count: 63) + "\n",
        String(repeating: "a", count: 64) + "\r", String(repeating: "a", count: 64) + "\n\n",
        String(repeating: "a", count: 64) + "\r\n", String(repeating: "a", count: 63) + "g",
        String(repeating: "a", count: 63) + " ", "+" + String(repeating: "a", count: 63),
        String(repeating: "a", count: 128),
        "q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=",
    ])
    func `every other form is refused`(_ text: String) {
        #expect(throws: VaultError.malformedKey) { try keyID(Array(text.utf8)) }
    }
}

@discardableResult
private func keyID(_ contents: [UInt8]) throws -> String {
    let text = try SecretBytes(copying: contents.span)
    let key = try RootKey(reading: text)
    return try Vault(id: "vault-1", rootKey: key).keyID
}
