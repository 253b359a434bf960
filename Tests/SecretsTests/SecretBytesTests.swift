import COpenSSL
import OpenSSL
import Secrets
import TestSupport
import Testing

struct SecretBytesTests {
    @Test func `it is filled from the front up to its capacity`() throws {
        var secret = try SecretBytes(capacity: 6)
        #expect(secret.isEmpty == true)
        secret.append(plain: "key=")
        #expect(secret.append([1, 2, 3].span) == 2)
        #expect(secret.append(4) == false)
        #expect(secret.count == 6)
        #expect(secret.capacity == 6)
        #expect(secret.isEmpty == false)
        #expect(secret.bytes.indices.map { secret.bytes[$0] } == Array("key=".utf8) + [1, 2])
        secret.removeAll()
        #expect(secret.isEmpty == true)
        #expect(secret.capacity == 6)
    }

    @Test func `a copy has the bytes and a memory of its own`() throws {
        var secret = try SecretBytes(copying: [1, 2, 3].span)
        let copy = try secret.copy()
        secret.removeAll()
        #expect(copy.count == 3)
        #expect(copy.bytes[0] == 1)
        #expect(copy.bytes[2] == 3)
    }

    @Test func `equality is of bytes and not of capacities`() throws {
        let secret = try SecretBytes(copying: [1, 2, 3].span)
        var same = try SecretBytes(capacity: 9)
        same.append([1, 2, 3].span)
        let longer = try SecretBytes(copying: [1, 2, 3, 4].span)
        let other = try SecretBytes(copying: [1, 2, 4].span)
        #expect(secret.equals(same) == true)
        #expect(secret.equals(longer) == false)
        #expect(secret.equals(other) == false)
    }

    @Test func `random ones differ`() throws {
        let one = try SecretBytes.random(32)
        let other = try SecretBytes.random(32)
        #expect(one.count == 32)
        #expect(one.equals(other) == false)
    }

    @Test func `a buffer that is taken over keeps its bytes`() throws {
        var buffer = try SecureBuffer(capacity: 4)
        buffer.append([7, 8].span)
        let secret = SecretBytes(buffer)
        #expect(secret.count == 2)
        #expect(secret.capacity == 4)
        #expect(secret.bytes[1] == 8)
    }

    @Test func `its bytes lie on the locked heap`() throws {
        let secret = try SecretBytes(copying: [1, 2, 3].span)
        let isLocked = secret.bytes.withUnsafeBufferPointer {
            CRYPTO_secure_allocated($0.baseAddress) == 1
        }
        #expect(isLocked)
    }

    @Test func `secret and copy are gone from memory when they end`() async {
        await #expect(processExitsWith: .success) {
            let scan = try scanWhileHeld()
            try #require(try scan.hits() == 0)
        }
    }
}

private func scanWhileHeld() throws -> MemoryScan {
    let secret = try SecretBytes.random(64)
    let copy = try secret.copy()
    let scan = MemoryScan(for: secret.bytes, count: 40)
    // That both are found now shows that they can be found.
    try #require(try scan.hits() >= 2)
    try #require(copy.count == 64)
    return scan
}
