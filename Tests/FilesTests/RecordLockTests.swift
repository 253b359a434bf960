import Files
import Glibc
import Linux
import TestSupport
import Testing

@Suite struct RecordLockTests {
    @Test func `whoever has locked a part of a file is named`() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.make("database")
        #expect(try RecordLock.holder(of: 0..<300, in: path) == nil)
        // F_SETLK with struct flock: F_WRLCK, SEEK_SET, start, length, pid.
        let script = """
            $| = 1; open(F, "+<", "\(path)") or die;
            $lock = pack("ssx4qqlx4", 1, 0, 100, 10, 0);
            fcntl(F, 6, $lock) or die; print "$$\\n"; sleep 600
            """
        let other = try #require(popen("exec perl -e '\(script)'", "r"))
        var pid: Int32 = 0
        #expect(
            withUnsafeMutablePointer(to: &pid) { withVaList([$0]) { vfscanf(other, "%d", $0) } }
                == 1)
        defer {
            kill(pid, SIGKILL)
            pclose(other)
        }

        #expect(try RecordLock.holder(of: 105..<300, in: path)?.pid == pid)
        #expect(try RecordLock.holder(of: 0..<100, in: path) == nil)
        #expect(try RecordLock.holder(of: 110..<300, in: path) == nil)
    }
}
