import Files
import TestSupport
import Testing

struct UntrustedFileTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func lines(_ text: String, limit: Int = 10, count: Int = .max) throws -> [String] {
        try? directory.remove("file")
        let path = try directory.make("file", text)
        var lines: [String] = []
        try UntrustedFile.forEachLine(of: path, limit: limit) { line in
            lines.append(String(decoding: line, as: UTF8.self))
            return lines.count < count
        }
        return lines
    }

    @Test func `each line is handed out without its end, the last one too`() throws {
        #expect(try lines("a\nbc\n\nd") == ["a", "bc", "", "d"])
        #expect(try lines("a\n") == ["a"])
        #expect(try lines("") == [])
        let long = String(repeating: "0123456789\n", count: 20_000)
        #expect(try lines(long).count == 20_000)
        #expect(Set(try lines(long)) == ["0123456789"])
    }

    @Test func `a line without end is cut, and takes no more memory`() throws {
        #expect(try lines(String(repeating: "x", count: 300_000) + "\nb") == ["xxxxxxxxxx", "b"])
    }

    @Test func `it stops when no more is wanted`() throws {
        #expect(try lines("a\nb\nc\n", count: 2) == ["a", "b"])
    }

    @Test func `too much is not read, and anybody's file is`() throws {
        let path = try directory.make("file", "abcd", mode: 0o666)
        #expect(try UntrustedFile.read(path, limit: 4) == Array("abcd".utf8))
        let error = failure { _ = try UntrustedFile.read(path, limit: 3) }
        #expect(error?.cause == .tooLarge(limit: 3))
        #expect(failure { _ = try UntrustedFile.read("/dev/zero", limit: 9) }?.cause != nil)
    }
}
