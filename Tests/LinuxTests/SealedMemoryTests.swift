import Glibc
import Secrets
import TestSupport
import Testing

@testable import Linux

struct SealedMemoryTests {
    @Test func `sealed memory can be read and no longer changed`() throws {
        var secret = try SecretBytes(capacity: 16)
        secret.append(plain: "canary")
        let memory = try SealedMemory(secret)
        let isSealed = memory.isSealed
        #expect(isSealed)
        let number = memory.descriptor.number
        #expect(write(number, "x", 1) == -1 && errno == EPERM)
        #expect(ftruncate(number, 0) == -1 && errno == EPERM)
        #expect(mmap(nil, 6, PROT_WRITE, MAP_SHARED, number, 0) == MAP_FAILED)
        #expect(TemporaryDirectory.text(at: "/proc/self/fd/\(number)") == "canary")
        #expect(fcntl(number, F_GETFD) & FD_CLOEXEC != 0)
        // Read through the descriptor itself: it stands at the beginning.
        #expect(try memory.descriptor.readAll(limit: 16) == Array("canary".utf8))
    }

    @Test func `an empty secret is an empty file`() throws {
        let memory = try SealedMemory(try SecretBytes(capacity: 1))
        let isSealed = memory.isSealed
        #expect(isSealed)
        #expect(try memory.descriptor.readAll(limit: 16) == [])
    }
}
