import Files
import Glibc
import Linux
import Secrets
import TestSupport
import Testing

struct SecretFileTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test(arguments: [0o400, 0o600] as [UInt32])
    func `a key file for its owner alone is read`(_ mode: UInt32) throws {
        let path = try directory.make("key", "canary", mode: mode)
        #expect(try text(SecretFile.read(path, limit: 6)) == "canary")
    }

    @Test(arguments: [0o640, 0o440, 0o404, 0o604] as [UInt32])
    func `a key file that others may read is refused`(_ mode: UInt32) throws {
        let path = try directory.make("key", "canary", mode: mode)
        let error = failure { _ = try SecretFile.read(path, limit: 6) }
        #expect(error?.cause == .readableByOthers(mode: mode))
        #expect(error?.isLoosePermissions == true)
        #expect(error?.hint == "chmod 0400 \(path)")
    }

    @Test(arguments: [0o620, 0o602, 0o666] as [UInt32])
    func `a key file that others may write is refused`(_ mode: UInt32) throws {
        let path = try directory.make("key", "canary", mode: mode)
        let error = failure { _ = try SecretFile.read(path, limit: 6) }
        #expect(error?.cause == .writableByOthers(mode: mode))
    }

    @Test(.enabled(if: isRoot)) func `a key file of another user is refused`() throws {
        let path = try directory.make("key", "canary", owner: 65_534)
        let error = failure { _ = try SecretFile.read(path, limit: 6) }
        #expect(error?.cause == .wrongOwner(expected: 0, found: 65_534))
        #expect(error?.hint == "chown root \(path)")
        #expect(error?.isLoosePermissions == true)
    }

    @Test func `a symbolic link, a second name and a directory are refused`() throws {
        let path = try directory.make("key", "canary")
        let linked = try directory.link("link", to: path)
        #expect(failure { _ = try SecretFile.read(linked, limit: 6) }?.cause == .isSymbolicLink)
        #expect(
            failure { _ = try SecretFile.read(directory.path, limit: 6) }?.cause == .notRegular)
        try #require(link(path, directory.file("second")) == 0)
        #expect(failure { _ = try SecretFile.read(path, limit: 6) }?.cause == .hardLinked)
    }

    /// Where systemd can, it opens a credential to the unit's user in this way; the mode then
    /// reads 0440.
    @Test(.enabled(if: isRoot)) func `an access list for us alone is no looseness`() throws {
        func list(user: UInt8, group: UInt8) -> [UInt8] {
            [2, 0, 0, 0] + [1, 0, 4, 0, 255, 255, 255, 255] + [2, 0, 4, 0, user, 0, 0, 0]
                + [4, 0, group, 0, 255, 255, 255, 255] + [16, 0, 4, 0, 255, 255, 255, 255]
                + [32, 0, 0, 0, 255, 255, 255, 255]
        }
        let path = try directory.make("key", "canary", mode: 0o400)
        let file = try Descriptor.open(path, for: .reading)
        // Not every file system keeps access lists; then there is nothing to see.
        let name = "system.posix_acl_access"
        guard (try? file.setAttribute(name, list(user: 0, group: 0))) != nil else { return }
        #expect(try PlainFile.state(path)?.mode == 0o440)
        #expect(try text(SecretFile.read(path, limit: 6)) == "canary")
        for loose in [list(user: 77, group: 0), list(user: 0, group: 4)] {
            try file.setAttribute(name, loose)
            let error = failure { _ = try SecretFile.read(path, limit: 6) }
            #expect(error?.cause == .readableByOthers(mode: 0o440))
        }
    }

    @Test func `a FIFO is refused at once`() throws {
        let path = directory.file("fifo")
        try #require(mkfifo(path, 0o600) == 0)
        #expect(failure { _ = try SecretFile.read(path, limit: 6) }?.cause == .notRegular)
    }

    @Test func `more than the limit is refused`() throws {
        let path = try directory.make("key", "canary")
        #expect(failure { _ = try SecretFile.read(path, limit: 5) }?.cause == .tooLarge(limit: 5))
        #expect(failure { _ = try SecretFile.read("key", limit: 5) }?.cause == .notAbsolute)
        #expect(
            failure { _ = try SecretFile.read(directory.file("no"), limit: 5) }?.cause == .notFound)
    }

    @Test func `a created key file is there whole and for its owner alone`() throws {
        let path = directory.file("key")
        try SecretFile.create(path, contents: secret("canary"))
        #expect(try PlainFile.state(path)?.mode == 0o400)
        #expect(try text(SecretFile.read(path, limit: 6)) == "canary")
        #expect(failure { try SecretFile.create(path, contents: secret("x")) }?.cause == .exists)
        #expect(try text(SecretFile.read(path, limit: 6)) == "canary")
        #expect(directory.names == ["key"])
    }

    @Test func `a dangling link is not created through`() throws {
        let link = try directory.link("key", to: directory.file("elsewhere"))
        #expect(failure { try SecretFile.create(link, contents: secret("x")) }?.cause == .exists)
        #expect(directory.names == ["key"])
    }

    @Test func `a key file is not created where others may write`() throws {
        try directory.makeDirectory("open", mode: 0o1777)
        let parent = directory.file("open")
        let error = failure { try SecretFile.create("\(parent)/key", contents: secret("x")) }
        #expect(error?.cause == .parentWritableByOthers(path: parent))
        #expect(error?.hint == "chmod go-w \(parent)")
    }
}

/// A secret that holds a text.
func secret(_ text: String) throws -> SecretBytes {
    var secret = try SecretBytes(capacity: text.utf8.count)
    secret.append(plain: text)
    return secret
}

/// The text that a secret holds, if there is one.
func text(_ secret: consuming SecretBytes?) -> String? {
    guard let secret = secret.take() else { return nil }
    return String(decoding: (0..<secret.count).map { secret.bytes[$0] }, as: UTF8.self)
}

/// The failure of `body`, or nil when it does not fail.
func failure(_ body: () throws -> Void) -> FileError? {
    do {
        try body()
        return nil
    } catch {
        return error as? FileError
    }
}
