import CLinux
import Glibc

/// A user of this machine.
package struct Account: Hashable, Sendable {
    /// The name to log in with.
    package let name: String
    /// The user.
    package let userID: UInt32
    /// The user's own group.
    package let groupID: UInt32

    /// The user with this name, or nil (getpwnam_r(3)).
    package static func user(named name: String) throws(SystemError) -> Account? {
        try found("getpwnam_r") { cl_user_named(name, &$0, &$1, $2) }
    }

    /// The user with this number, or nil (getpwuid_r(3)).
    package static func user(id: UInt32) throws(SystemError) -> Account? {
        try found("getpwuid_r") { cl_user(id, &$0, &$1, $2) }
    }

    private static func found(
        _ operation: String,
        _ ask: (inout UInt32, inout UInt32, UnsafeMutablePointer<CChar>?) -> Int32
    ) throws(SystemError) -> Account? {
        var user: UInt32 = 0
        var group: UInt32 = 0
        var name = [CChar](repeating: 0, count: 256)
        let result = name.withUnsafeMutableBufferPointer { ask(&user, &group, $0.baseAddress) }
        try require(result >= 0, operation)
        guard result == 1 else { return nil }
        let text = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return Account(name: String(decoding: text, as: UTF8.self), userID: user, groupID: group)
    }

    /// Every group that the user is in, the own one included (getgrouplist(3)); at most 1,024.
    package var groupIDs: [UInt32] {
        get throws(SystemError) {
            var groups = [UInt32](repeating: 0, count: 1024)
            let count = cl_groups_of(name, groupID, &groups, Int32(groups.count))
            guard count >= 0 else { throw SystemError(number: E2BIG, operation: "getgrouplist") }
            return Array(groups.prefix(Int(count)))
        }
    }
}

/// A group of this machine.
package enum Group {
    /// The number of the group with this name, or nil (getgrnam_r(3)).
    package static func id(named name: String) throws(SystemError) -> UInt32? {
        var group: UInt32 = 0
        let result = cl_group_named(name, &group)
        try require(result >= 0, "getgrnam_r")
        return result == 1 ? group : nil
    }
}
