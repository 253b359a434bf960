import CLinux
import Glibc

/// Who runs this program.
package enum Caller {
    /// The real user (getuid(2)).
    package static var userID: UInt32 { getuid() }
    /// The user whose rights count (geteuid(2)).
    package static var effectiveUserID: UInt32 { geteuid() }
    /// The group whose rights count (getegid(2)).
    package static var effectiveGroupID: UInt32 { getegid() }

    /// The other groups whose rights count (getgroups(2)).
    package static var supplementaryGroupIDs: [UInt32] {
        get throws(SystemError) {
            var groups = [UInt32](repeating: 0, count: 65_536)
            let count = getgroups(Int32(groups.count), &groups)
            try require(count >= 0, "getgroups")
            return Array(groups.prefix(Int(count)))
        }
    }

    /// The user who logged in, whatever sudo or su made of them since; nil for what no login
    /// started, and where the kernel keeps no account of it (/proc/self/loginuid).
    package static var loginUserID: UInt32? {
        // Without the file there is nothing to know.
        guard let file = try? Descriptor.open("/proc/self/loginuid", for: .reading),
            let bytes = try? file.readAll(limit: 32),
            let id = UInt32(String(decoding: bytes, as: UTF8.self).filter { $0 != "\n" }),
            id != .max
        else { return nil }
        return id
    }

    /// Whether files may be given to other users (capabilities(7), CAP_CHOWN).
    package static var mayChangeOwner: Bool { cl_may_chown() == 1 }

    /// Becomes another user for good, with that user's groups (setuid(2)). For root only.
    package static func become(_ account: Account) throws(SystemError) {
        let groups = try account.groupIDs
        try require(
            cl_become(account.userID, account.groupID, groups, groups.count) == 0, "setuid")
    }
}
