import Glibc
import Linux
import Secrets
import TestSupport
import Testing

@testable import Linux

struct DescriptorTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test func `a descriptor closes itself and is closed in children`() throws {
        let number: Int32
        do {
            let file = try Descriptor.open(try directory.make("a"), for: .reading)
            number = file.number
            #expect(fcntl(number, F_GETFD) & FD_CLOEXEC != 0)
        }
        // Another test may have got the number meanwhile, but not this file.
        #expect(readLink("/proc/self/fd/\(number)") != directory.file("a"))
    }

    private func readLink(_ path: String) -> String? {
        var target = [CChar](repeating: 0, count: 4096)
        let count = readlink(path, &target, target.count)
        guard count >= 0 else { return nil }
        return String(decoding: target.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    @Test func `a pipe carries bytes and is closed in children`() throws {
        var pipe = try Pipe()
        let far = pipe.takeWriteEnd()
        let near = pipe.takeReadEnd()
        #expect(fcntl(far.number, F_GETFD) & FD_CLOEXEC != 0)
        #expect(fcntl(near.number, F_GETFD) & FD_CLOEXEC != 0)
        try near.setNonblocking()
        var buffer = try SecretBytes(capacity: 8)
        #expect(try near.read(into: &buffer) == .nothingYet)
        try far.write(Array("abc".utf8).span)
        #expect(try near.read(into: &buffer) == .bytes(3))
        _ = consume far
        // A child that another test starts just now has a copy for a moment.
        _ = try Poll.wait(for: [near.number], timeout: .seconds(60))
        #expect(try near.read(into: &buffer) == .end)
        #expect(buffer.count == 3 && buffer.bytes[2] == UInt8(ascii: "c"))
    }

    /// The quick way and the way for old kernels.
    enum Way: CaseIterable {
        case atOnce
        case stepByStep

        func open(_ path: String) throws(SystemError) -> Descriptor {
            switch self {
            case .atOnce: try Descriptor.openDirectoryWithoutLinks(path)
            case .stepByStep: try Descriptor.openDirectoryStepByStep(path)
            }
        }
    }

    @Test(arguments: Way.allCases)
    func `a directory is opened without links on the way`(_ way: Way) throws {
        try directory.makeDirectory("real")
        try directory.makeDirectory("real/inner")
        try directory.link("link", to: directory.file("real"))
        try directory.make("plain")
        #expect(try way.open(directory.file("real/inner")).status().kind == .directory)
        #expect(cause { _ = try way.open(directory.file("link")) } == .tooManyLinks)
        #expect(cause { _ = try way.open(directory.file("link/inner")) } == .tooManyLinks)
        #expect(cause { _ = try way.open(directory.file("none")) } == .notFound)
        #expect(cause { _ = try way.open(directory.file("plain")) } == .notDirectory)
        let root = try Descriptor.open("/", for: .place).status()
        #expect(try way.open("/").status().isSameFile(as: root))
    }

    @Test func `a link as the last part is refused and followed as asked`() throws {
        let target = try directory.make("target", "x")
        let link = try directory.link("link", to: target)
        #expect(cause { _ = try Descriptor.open(link, for: .reading) } == .tooManyLinks)
        let followed = try Descriptor.open(link, for: .reading, lastLink: .followed)
        #expect(try followed.status().byteCount == 1)
        #expect(try Descriptor.open(link, for: .place).status().kind == .symbolicLink)
    }

    @Test func `a new file must not exist`() throws {
        let path = try directory.make("there")
        #expect(cause { _ = try Descriptor.open(path, for: .creating(mode: 0o600)) } == .exists)
        let link = try directory.link("dangling", to: directory.file("elsewhere"))
        #expect(cause { _ = try Descriptor.open(link, for: .creating(mode: 0o600)) } == .exists)
        #expect(directory.text("elsewhere") == nil)
    }

    @Test func `reading a FIFO does not block`() throws {
        let path = directory.file("fifo")
        try #require(mkfifo(path, 0o600) == 0)
        #expect(try Descriptor.open(path, for: .reading).status().kind == .special)
    }

    @Test func `more than the limit is nil`() throws {
        let path = try directory.make("four", "abcd")
        #expect(try Descriptor.open(path, for: .reading).readAll(limit: 4) == Array("abcd".utf8))
        #expect(try Descriptor.open(path, for: .reading).readAll(limit: 3) == nil)
    }

    @Test func `names are listed sorted and without dots`() throws {
        for name in ["b", "a", ".hidden"] { try directory.make(name) }
        let open = try Descriptor.open(directory.path, for: .directory)
        #expect(try open.names() == [".hidden", "a", "b"])
        try open.rename("b", to: "c")
        try open.remove("a")
        #expect(try open.names() == [".hidden", "c"])
    }

    @Test func `a lock is shared by many or held by one`() throws {
        let path = try directory.make("lock")
        let first = try Descriptor.open(path, for: .locking(mode: 0o600))
        let second = try Descriptor.open(path, for: .locking(mode: 0o600))
        #expect(try first.tryLock(.shared))
        #expect(try second.tryLock(.shared))
        #expect(try !second.tryLock(.exclusive))
        try first.unlock()
        #expect(try second.tryLock(.exclusive))
    }

    @Test func `network file systems are told from local ones`() throws {
        let status = try Descriptor.open(directory.path, for: .directory).fileSystemStatus()
        #expect(!status.isNetwork)
        #expect(status.freeBytes > 0)
        // NFS, CIFS, FUSE; ext4, tmpfs, overlay.
        for type: UInt32 in [0x6969, 0xFF53_4D42, 0x6573_5546] {
            #expect(FileSystemStatus.isNetwork(type: type))
        }
        for type: UInt32 in [0xEF53, 0x0102_1994, 0x794C_7630] {
            #expect(!FileSystemStatus.isNetwork(type: type))
        }
    }

    @Test func `an error is one sentence with the call and the cause`() {
        let error = SystemError(number: ENOSPC, operation: "write")
        #expect("\(error)" == "write: no space left on device")
        #expect(error.cause == .noSpace)
    }
}

/// The cause of the failure of `body`, or nil when it does not fail.
func cause(_ body: () throws -> Void) -> SystemError.Cause? {
    do {
        try body()
        return nil
    } catch {
        return (error as? SystemError)?.cause
    }
}
