import Linux
import Secrets

extension DestinationFile {
    /// The name under which new contents are written, in the same directory as the file. The
    /// caller writes it down before the file exists, so that it can be found after a crash.
    /// `suffix` is of letters, digits and `-`, and never used twice.
    package static func temporaryName(for path: String, suffix: String) -> String {
        precondition(
            !suffix.isEmpty && suffix.utf8.count <= 64
                && suffix.utf8.allSatisfy { isSuffixByte($0) }, "the suffix is a plain word")
        let name = path.split(separator: "/").last.map(String.init) ?? ""
        // A name has at most 255 bytes.
        var kept = ""
        for character in name {
            guard kept.utf8.count + character.utf8.count + suffix.utf8.count + 6 <= 255 else {
                break
            }
            kept.append(character)
        }
        return ".\(kept).\(suffix).tmp"
    }

    private static func isSuffixByte(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
    }

    /// Whether a name has the form of those that `temporaryName` makes.
    package static func isTemporaryName(_ name: String) -> Bool {
        name.hasPrefix(".") && name.hasSuffix(".tmp") && name.utf8.count <= 255
            && !name.utf8.contains(UInt8(ascii: "/"))
    }

    /// Puts the secret in the place of what the file held, so that a reader finds the old one or
    /// the new one and nothing else, also after a loss of power.
    ///
    /// When it throws before the new name is there, the old file is as it was and the temporary
    /// file is gone; when `differs` or a failed `fsync` is thrown, either may be there: read back.
    package func replace(
        with contents: borrowing SecretBytes, temporaryName: String
    ) throws(FileError) {
        try replace(with: contents.bytes, temporaryName: temporaryName)
    }

    /// The steps of `replace` up to the rename, which is left out: the file stays as it is, and the
    /// temporary file is removed. Throws what would have kept the contents from their place.
    ///
    /// What a crash leaves under the name is removed by the next rehearsal; it holds no secret.
    package func rehearse(
        with contents: borrowing SecretBytes, temporaryName: String
    ) throws(FileError) {
        let parent = try openFitParent()
        let old = try requireFitTarget(in: parent)
        _ = try removeTemporary(named: temporaryName)
        let temporary = try createTemporary(temporaryName, in: parent)
        do {
            try setOwnerAndMode(of: temporary, replacing: old, in: parent)
            try fill(temporary, with: contents.bytes)
        } catch {
            try? parent.remove(temporaryName)
            throw error
        }
        try at(path) { () throws(SystemError) in
            try parent.remove(temporaryName)
            try parent.sync()
        }
    }

    /// The same for contents that are no secret, such as an export.
    package func replace(
        with contents: Span<UInt8>, temporaryName: String
    ) throws(FileError) {
        // 1. and 2.
        let parent = try openFitParent()
        let old = try requireFitTarget(in: parent)
        // 3.
        let temporary = try createTemporary(temporaryName, in: parent)
        let written: FileStatus
        do {
            // 4.
            try setOwnerAndMode(of: temporary, replacing: old, in: parent)
            // 5.
            try fill(temporary, with: contents)
            written = try at(path) { () throws(SystemError) in try temporary.writer.status() }
            // 6.
            try at(path) { () throws(SystemError) in
                try parent.rename(temporaryName, to: place.name)
            }
        } catch {
            // The first failure is the one to tell; a leftover is found by its name.
            try? parent.remove(temporaryName)
            throw error
        }
        try at(path) { () throws(SystemError) in try parent.sync() }
        let now = try at(path) { () throws(SystemError) in try parent.status(of: place.name) }
        guard now.isSameFile(as: written) else { throw FileError(path, .differs) }
    }

    /// Step 7: removes what a crash left behind. False: there was nothing.
    package func removeTemporary(named name: String) throws(FileError) -> Bool {
        precondition(Self.isTemporaryName(name), "only a temporary name of ours is removed")
        return try PlainFile.remove(name, besides: place)
    }

    /// A new file that is not in its place yet.
    struct Temporary: ~Copyable {
        let writer: Descriptor
        /// Opened while the file is still ours: once it is given away, we may have no right to.
        let reader: Descriptor
    }

    /// Step 3: a file that did not exist, for its owner alone.
    func createTemporary(
        _ name: String, in parent: borrowing Descriptor
    ) throws(FileError) -> Temporary {
        precondition(Self.isTemporaryName(name), "a temporary name is made by temporaryName")
        let writer = try at(path) { () throws(SystemError) in
            try parent.open(name, for: .creating(mode: 0o600))
        }
        do throws(FileError) {
            let reader = try at(path) { () throws(SystemError) in
                try parent.open(name, for: .reading)
            }
            let isSame = try at(path) { () throws(SystemError) in
                try reader.status().isSameFile(as: writer.status())
            }
            guard isSame else { throw FileError(path, .differs) }
            return Temporary(writer: writer, reader: reader)
        } catch {
            try? parent.remove(name)
            throw error
        }
    }

    /// Step 4: owner, then mode, since a change of owner clears bits; both while the file is
    /// empty, and the mode never wider than asked. The SELinux label is the old file's.
    func setOwnerAndMode(
        of temporary: borrowing Temporary, replacing old: FileStatus?,
        in parent: borrowing Descriptor
    ) throws(FileError) {
        if old != nil, let label = label(in: parent) {
            do {
                try temporary.writer.setAttribute(Self.labelName, label)
            } catch {
                guard error.cause == .unsupported else { throw FileError(path, error) }
            }
        }
        try at(path) { () throws(SystemError) in
            if owner != nil || group != nil {
                try temporary.writer.setOwner(user: owner, group: group)
            }
            try temporary.writer.setMode(mode)
        }
    }

    private static let labelName = "security.selinux"

    /// Nil also when the old file may not be read: then the directory's rule gives the label.
    private func label(in parent: borrowing Descriptor) -> [UInt8]? {
        guard let file = try? parent.open(place.name, for: .reading) else { return nil }
        return (try? file.attribute(Self.labelName)) ?? nil
    }

    /// Step 5: all bytes, on the disk, and read again.
    func fill(
        _ temporary: borrowing Temporary, with contents: Span<UInt8>
    ) throws(FileError) {
        do {
            try temporary.writer.write(contents)
            try temporary.writer.sync()
        } catch {
            throw FileError(path, error)
        }
        var chunk = try secretBuffer(4096, for: path)
        var compared = 0
        while true {
            let result: ReadResult
            do {
                chunk.removeAll()
                result = try temporary.reader.read(into: &chunk)
            } catch {
                throw FileError(path, error)
            }
            guard case .bytes(let count) = result else { break }
            guard compared + count <= contents.count else { throw FileError(path, .differs) }
            for index in 0..<count where chunk.bytes[index] != contents[compared + index] {
                throw FileError(path, .differs)
            }
            compared += count
        }
        guard compared == contents.count else { throw FileError(path, .differs) }
    }
}
