import COpenSSL
import OpenSSL
import TestSupport
import Testing
import VectorFiles

struct SecureBufferTests {
    @Test func `it takes what fits and no more`() throws {
        var buffer = try SecureBuffer(capacity: 5)
        #expect(buffer.append([1, 2, 3].span) == 3)
        #expect(buffer.append(4) == true)
        #expect(buffer.append([5, 6, 7].span) == 1)
        #expect(array(buffer.bytes) == [1, 2, 3, 4, 5])
        #expect(buffer.append(8) == false)
        #expect(buffer.append([8].span) == 0)
        #expect(buffer.append([UInt8]().span) == 0)
        #expect(array(buffer.bytes) == [1, 2, 3, 4, 5])
        #expect(buffer.capacity == 5)
    }

    @Test func `it may have no room at all`() throws {
        var buffer = try SecureBuffer(capacity: 0)
        #expect(buffer.append(1) == false)
        #expect(buffer.count == 0)
        #expect(array(buffer.bytes) == [])
        buffer.removeAll()
        #expect(buffer.capacity == 0)
    }

    @Test(arguments: [1, 100, SecureBuffer.largestLocked, SecureBuffer.largestLocked + 1])
    func `it begins zeroed and is zeroed by removeAll`(_ capacity: Int) throws {
        var buffer = try SecureBuffer(capacity: capacity)
        #expect(memory(of: &buffer).allSatisfy { $0 == 0 })
        while buffer.append(0xAB) {}
        #expect(memory(of: &buffer).allSatisfy { $0 == 0xAB })
        buffer.removeAll()
        #expect(buffer.count == 0)
        #expect(memory(of: &buffer).allSatisfy { $0 == 0 })
        #expect(buffer.append(1) == true)
    }

    @Test func `filling begins at the front and counts what was written`() throws {
        var buffer = try SecureBuffer(capacity: 8)
        buffer.append([9, 9, 9, 9].span)
        buffer.fill { target in
            target[0] = 1
            target[1] = 2
            return 2
        }
        #expect(array(buffer.bytes) == [1, 2])
        #expect(throws: OpenSSLError.invalidLength) {
            try buffer.fill { (_) throws(OpenSSLError) in throw .invalidLength }
        }
        #expect(buffer.count == 0)
    }

    @Test func `up to 32 KiB lie on the locked heap and what is larger does not`() throws {
        for (capacity, isLocked) in [
            (0, true), (1, true), (SecureBuffer.largestLocked, true),
            (SecureBuffer.largestLocked + 1, false), (1 << 20, false),
        ] {
            var buffer = try SecureBuffer(capacity: capacity)
            buffer.fill { target in
                #expect((CRYPTO_secure_allocated(target.baseAddress) == 1) == isLocked)
                return 0
            }
        }
    }

    @Test(arguments: [200, SecureBuffer.largestLocked, 100_000])
    func `its bytes are gone from memory when it ends`(_ count: Int) async {
        await #expect(processExitsWith: .success) { [count = count as Int] in
            let scan = try scanWhileHeld(count)
            try #require(try scan.hits() == 0)
        }
    }

    @Test func `a full heap is an error and is whole again afterwards`() async {
        await #expect(processExitsWith: .success) {
            // 4 MiB are 128 of the largest.
            #expect(throws: OpenSSLError.secureHeapExhausted) { try hold(200) }
            #expect(throws: Never.self) { try hold(100) }
        }
    }
}

/// Holds that many of the largest buffers at once.
private func hold(_ count: Int) throws {
    var buffer = try SecureBuffer(capacity: SecureBuffer.largestLocked)
    if count > 1 { try hold(count - 1) }
    buffer.append(1)
}

private func scanWhileHeld(_ count: Int) throws -> MemoryScan {
    let secret = try Random.secret(count)
    let scan = MemoryScan(for: secret.bytes, offset: count / 2, count: 40)
    // That it is found now shows that it can be found.
    try #require(try scan.hits() > 0)
    return scan
}

/// The whole memory of a buffer, filled or not.
private func memory(of buffer: inout SecureBuffer) -> [UInt8] {
    let count = buffer.count
    var bytes: [UInt8] = []
    buffer.fill { target in
        bytes = Array(target)
        return count
    }
    return bytes
}
