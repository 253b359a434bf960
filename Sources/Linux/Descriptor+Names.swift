import CLinux
import Glibc

/// What is done to names in a directory that is held open, so that nobody can put another
/// directory in its place meanwhile.
extension Descriptor {
    /// Gives the file `old` the name `new`, in one step, in the place of what had it (renameat(2)).
    package borrowing func rename(_ old: String, to new: String) throws(SystemError) {
        try require(renameat(number, old, number, new) == 0, "renameat")
    }

    /// Removes a name that is no directory (unlinkat(2)).
    package borrowing func remove(_ name: String) throws(SystemError) {
        try require(unlinkat(number, name, 0) == 0, "unlinkat")
    }

    /// Removes an empty directory (unlinkat(2), AT_REMOVEDIR).
    package borrowing func removeDirectory(_ name: String) throws(SystemError) {
        try require(unlinkat(number, name, AT_REMOVEDIR) == 0, "unlinkat")
    }

    /// Makes a directory; the umask takes bits away from `mode` (mkdirat(2)).
    package borrowing func makeDirectory(_ name: String, mode: UInt32) throws(SystemError) {
        try require(mkdirat(number, name, mode) == 0, "mkdirat")
    }

    /// Where the symbolic link `name` points (readlinkat(2)).
    package borrowing func linkTarget(of name: String) throws(SystemError) -> String {
        var target = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlinkat(number, name, &target, target.count)
        try require(count >= 0, "readlinkat")
        return String(
            decoding: target.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The names in this directory, sorted, without `.` and `..` (readdir(3)).
    package borrowing func names() throws(SystemError) -> [String] {
        var names: [String] = []
        let directory = number
        let listed = withUnsafeMutablePointer(to: &names) { names in
            cl_list(directory, names) { context, name in
                guard let context, let name else { return }
                context.assumingMemoryBound(to: [String].self).pointee
                    .append(String(cString: name))
            }
        }
        try require(listed == 0, "readdir")
        return names.sorted()
    }
}
