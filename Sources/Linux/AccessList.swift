import CLinux
import Glibc

/// The access list of a file (acl(5)), in the form that the kernel keeps it: a version of four
/// bytes, then entries of two bytes tag, two bytes rights and four bytes id, little-endian.
package enum AccessList {
    private static let version: UInt32 = 2

    /// Whether the file has a list, and all it gives to others than the owner is for the caller.
    ///
    /// Where there is a list, the mode's group bits show its mask. systemd hands a credential to
    /// the user of a unit in this way where it can, so that the mode reads 0440.
    package static func opensOnlyToCaller(
        _ file: borrowing Descriptor
    ) throws(SystemError) -> Bool {
        guard let list = try file.attribute("system.posix_acl_access") else { return false }
        return opensOnly(to: Caller.effectiveUserID, list)
    }

    static func opensOnly(to user: UInt32, _ list: [UInt8]) -> Bool {
        guard list.count >= 4, (list.count - 4) % 8 == 0, number(list[0..<4]) == version else {
            return false
        }
        return stride(from: 4, to: list.count, by: 8).allSatisfy { start in
            let tag = number(list[start..<start + 2])
            let rights = number(list[start + 2..<start + 4])
            let id = number(list[start + 4..<start + 8])
            switch tag {
            // The owner, and the mask, which gives nothing by itself.
            case 0x01, 0x10: return true
            // A named user.
            case 0x02: return rights == 0 || id == user
            // The group, a named group, everybody else.
            case 0x04, 0x08, 0x20: return rights == 0
            default: return false
            }
        }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
}
