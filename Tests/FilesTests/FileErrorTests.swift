import Files
import Glibc
import Testing

struct FileErrorTests {
    @Test func `an error is one sentence, lower case, without a full stop`() {
        let causes: [FileError.Cause] = [
            .notFound, .notAbsolute, .isSymbolicLink, .notRegular, .notDirectory, .hardLinked,
            .wrongOwner(expected: 0, found: 65_534), .writableByOthers(mode: 0o666),
            .readableByOthers(mode: 0o644), .parentWritableByOthers(path: "/p"),
            .parentWrongOwner(path: "/p", found: 1), .ownerNotSettable(user: 1, group: nil),
            .onNetworkFileSystem, .noSpace, .readOnlyFileSystem, .permissionDenied,
            .tooLarge(limit: 5), .exists, .differs, .outOfSecureMemory,
            .system(number: EIO, operation: "fsync"),
        ]
        for cause in causes {
            let text = "\(FileError("/p/f", cause))"
            #expect(text.hasPrefix("/p/f: "))
            #expect(!text.hasSuffix("."))
            #expect(!text.contains("\n"))
        }
    }

    @Test func `the words and the hint of a loose key file`() {
        let error = FileError("/etc/keyturn/root.key", .readableByOthers(mode: 0o644))
        #expect("\(error)" == "/etc/keyturn/root.key: may be read by others (mode 0644)")
        #expect(error.hint == "chmod 0400 /etc/keyturn/root.key")
        #expect(error.isLoosePermissions)
    }

    @Test func `a hint can be pasted into a shell whatever the path is`() {
        let error = FileError("/a b/$(x)'y", .writableByOthers(mode: 0o666))
        #expect(error.hint == #"chmod go-w '/a b/$(x)'\''y'"#)
    }
}
