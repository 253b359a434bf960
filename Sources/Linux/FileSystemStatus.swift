import CLinux
import Glibc

/// What statfs(2) says of the file system that holds a file.
package struct FileSystemStatus: Hashable, Sendable {
    /// The bytes that this program may still write.
    package let freeBytes: UInt64
    /// Whether it is on another machine, or served by a program: locks and syncs mean less there.
    package let isNetwork: Bool
    /// Whether it is memory and no disk: tmpfs, or ramfs.
    package let isInMemory: Bool

    /// The magic numbers of statfs(2) and linux/magic.h: NFS, SMB, SMB2, CIFS, FUSE, AFS (two),
    /// Coda, NCP, 9P, Ceph, GFS2, OCFS2, Lustre, BeeGFS, vboxsf.
    private static let networkTypes: Set<UInt32> = [
        0x6969, 0x517B, 0xFE53_4D42, 0xFF53_4D42, 0x6573_5546, 0x5346_414F, 0x6B41_4653,
        0x7375_7245, 0x564C, 0x0102_1997, 0x00C3_6400, 0x0116_1970, 0x7461_636F, 0x0BD0_0BD0,
        0x1983_0326, 0x786F_4256,
    ]

    init(_ raw: statfs) {
        freeBytes = UInt64(raw.f_bavail) &* UInt64(raw.f_bsize)
        isInMemory = [0x0102_1994, 0x8584_58F6].contains(UInt32(truncatingIfNeeded: raw.f_type))
        isNetwork = Self.isNetwork(type: UInt32(truncatingIfNeeded: raw.f_type))
    }

    static func isNetwork(type: UInt32) -> Bool {
        networkTypes.contains(type)
    }
}

extension Descriptor {
    /// The status of the file system that holds the open file (fstatfs(2)).
    package borrowing func fileSystemStatus() throws(SystemError) -> FileSystemStatus {
        var raw = statfs()
        try require(fstatfs(number, &raw) == 0, "fstatfs")
        return FileSystemStatus(raw)
    }
}
