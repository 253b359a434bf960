import Linux
import Secrets

/// A file that receives secrets, and what it should be: never through a symbolic link, never wider
/// than asked, always whole.
package struct DestinationFile: Hashable, Sendable {
    /// Where it is.
    package let path: String
    /// Whom it belongs to; nil: to this program's user.
    package let owner: UInt32?
    /// Its group; nil: the one that the file system gives to a new file.
    package let group: UInt32?
    /// Its permission bits.
    package let mode: UInt32

    let place: FilePath

    /// Throws `notAbsolute` alone; nothing is looked at yet.
    package init(
        path: String, owner: UInt32? = nil, group: UInt32? = nil, mode: UInt32 = 0o600
    ) throws(FileError) {
        precondition(mode & ~0o777 == 0, "a file of secrets has permission bits and no others")
        place = try FilePath(path)
        self.path = path
        self.owner = owner
        self.group = group
        self.mode = mode
    }

    /// Whether a delivery could be made now: the directory and the present file are fit, the
    /// directory can be written, the owner can be set. Throws what is not; no effect.
    package func check() throws(FileError) {
        let parent = try openFitParent()
        try requireFitTarget(in: parent)
        try at(path) { () throws(SystemError) in try parent.requireWritableDirectory() }
        try requireSettableOwner()
    }

    /// What the file is now; nil: there is none. A link, or what is no regular file, is thrown.
    package func state() throws(FileError) -> FileState? {
        try unlessMissing { () throws(FileError) -> FileState? in
            let parent = try openFitParent()
            return try requireFitTarget(in: parent).map(FileState.init)
        }
    }

    /// What the file holds now, at most `limit` bytes, so that its digest can be compared; nil:
    /// there is none.
    package func readBack(limit: Int) throws(FileError) -> SecretBytes? {
        try unlessMissing { () throws(FileError) -> SecretBytes? in
            let parent = try openFitParent()
            guard let status = try requireFitTarget(in: parent) else { return nil }
            let file = try at(path) { () throws(SystemError) in
                try parent.open(place.name, for: .reading)
            }
            let opened = try at(path) { () throws(SystemError) in try file.status() }
            guard opened.isSameFile(as: status) else { throw FileError(path, .differs) }
            return try SecretFile.contents(of: file, path: path, limit: limit)
        }
    }

    /// Step 1: the directory, by a way without symbolic links, of an owner whom we trust, written
    /// by nobody else.
    func openFitParent() throws(FileError) -> Descriptor {
        let parent = try place.openParent()
        let status = try at(path) { () throws(SystemError) in try parent.status() }
        try Trust.requireParent(status, of: place, alsoOwnedBy: owner)
        return parent
    }

    /// Step 2: what is at the place now is nothing, or a regular file with one name and an owner
    /// whom we trust.
    @discardableResult
    func requireFitTarget(in parent: borrowing Descriptor) throws(FileError) -> FileStatus? {
        let status: FileStatus
        do {
            status = try parent.status(of: place.name)
        } catch {
            guard error.cause == .notFound else { throw FileError(path, error) }
            return nil
        }
        switch status.kind {
        case .regular: break
        case .symbolicLink: throw FileError(path, .isSymbolicLink)
        case .directory, .special: throw FileError(path, .notRegular)
        }
        guard status.linkCount == 1 else { throw FileError(path, .hardLinked) }
        guard Trust.isOwner(status.userID, orOneOf: owner) else {
            throw FileError(
                path,
                .wrongOwner(expected: owner ?? Caller.effectiveUserID, found: status.userID))
        }
        return status
    }

    private func requireSettableOwner() throws(FileError) {
        guard !Caller.mayChangeOwner else { return }
        let isOwnUser = owner == nil || owner == Caller.effectiveUserID
        let groups = try at(path) { () throws(SystemError) in
            [Caller.effectiveGroupID] + (try Caller.supplementaryGroupIDs)
        }
        let isOwnGroup = group.map(groups.contains) ?? true
        guard isOwnUser, isOwnGroup else {
            throw FileError(
                path,
                .ownerNotSettable(user: isOwnUser ? nil : owner, group: isOwnGroup ? nil : group))
        }
    }
}
