import Files
import FoundationEssentials
import Rotations
import Vault

/// Sealed answers that the database could not take: one file each, and if the disk takes nothing
/// either, sealed armour for a person to keep (P14).
package struct Spool: Sendable {
    private let directory: StateDirectory

    /// The spool of a state.
    package init(_ directory: StateDirectory) { self.directory = directory }

    private static let begin = "-----BEGIN KEYTURN SEALED ANSWER-----"
    private static let end = "-----END KEYTURN SEALED ANSWER-----"
    private static let limit = 64 << 10

    /// Keeps a record in a file, or prints it: it does not return without having done either.
    func keep(_ record: SealedRecord, orPrint printArmour: (String) -> Void) {
        let armour = Self.armour(record)
        do throws(FileError) {
            try write(armour, record.place.owner)
        } catch {
            // The ballast is on the same disk: with it gone there may be room for a file.
            if Ballast.release(at: directory.ballast),
                (try? write(armour, record.place.owner)) != nil
            {
                return
            }
            printArmour(armour)
        }
    }

    /// A crash leaves the whole file or none that `names` would see.
    private func write(_ armour: String, _ name: String) throws(FileError) {
        let bytes = Array(armour.utf8)
        let path = "\(directory.spool)/\(name)"
        _ = try PlainFile.remove(path + ".part")
        try PlainFile.create(path + ".part", contents: bytes.span, mode: 0o600)
        try PlainFile.rename(path + ".part", to: path)
    }

    /// The files that wait to be taken in.
    package func names() throws(FileError) -> [String] {
        try Directory.names(directory.spool).filter { Identifier($0) != nil }
    }

    /// The record in a file; nil when it is none.
    func read(_ name: String) throws(FileError) -> SealedRecord? {
        let bytes = try PublicFile.read("\(directory.spool)/\(name)", limit: Self.limit)
        return Self.record(in: String(decoding: bytes, as: UTF8.self))
    }

    /// Removes a file whose record is in the database.
    func remove(_ name: String) throws(FileError) {
        _ = try PlainFile.remove("\(directory.spool)/\(name)")
    }

    /// A record as text between two lines.
    static func armour(_ record: SealedRecord) -> String {
        let body = Data(record.encoded).base64EncodedString(
            options: [.lineLength64Characters, .endLineWithLineFeed])
        return "\(begin)\n\(body)\n\(end)\n"
    }

    /// The record in a text that may have other lines around it.
    package static func record(in text: String) -> SealedRecord? {
        let lines = text.split(whereSeparator: \.isNewline).map { line in
            String(
                line.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
        }
        guard let first = lines.firstIndex(of: begin),
            let last = lines[first...].firstIndex(of: end), last > first + 1,
            let data = Data(base64Encoded: lines[(first + 1)..<last].joined())
        else { return nil }
        return SealedRecord(encoded: Array(data))
    }
}

extension Store {
    /// Takes the spool in. Every run does so before it looks at a rotation (P14); doing it twice is
    /// harmless. Returns how many answers were taken in, and the files that are none of this state:
    /// a restored backup may not know them, and they must not keep a run from its work.
    package func takeInSpool() async throws(StorageError) -> (count: Int, unfit: [String]) {
        let spool = Spool(directory)
        var count = 0
        var unfit: [String] = []
        do {
            for name in try spool.names() {
                // A file that cannot be read is no reason to leave all other work undone.
                let record = (try? spool.read(name)) ?? nil
                guard let record, try await isTakenIn(record) else {
                    unfit.append(name)
                    continue
                }
                // A crash here leaves a file whose record is known: it is removed next time.
                try spool.remove(name)
                count += 1
            }
        } catch {
            throw StorageError(error)
        }
        return (count, unfit)
    }

    /// Takes a record in; false when it is none of this state.
    private func isTakenIn(_ record: SealedRecord) async throws(StorageError) -> Bool {
        do throws(StorageError) {
            try await takeIn(record)
            return true
        } catch .damaged, .vault {
            return false
        }
    }

    /// Takes one sealed answer in, from the spool or from a person's hands.
    /// - Parameter isDry: only find out whether it could be.
    package func takeIn(
        _ record: SealedRecord, isDry: Bool = false
    ) async throws(StorageError) {
        guard record.place.purpose == .answer, let effect = Identifier(record.place.owner) else {
            throw .damaged("this is no sealed answer")
        }
        do {
            // Only what opens is believed.
            _ = try vault.open(record)
        } catch {
            throw StorageError(error)
        }
        guard !isDry else { return }
        try await commit { transaction in
            let rotation = try transaction.database.first(
                "\(Store.rotationColumns) JOIN effect e ON e.rotation_id = r.id WHERE e.id = ?",
                [.text(effect.text)], Store.rotation)
            guard let rotation else {
                let administration = try Store.administrations(in: transaction.database)
                    .first { $0.0.id == effect }
                guard let administration else {
                    throw StorageError.damaged(
                        "the sealed answer belongs to no effect of this state")
                }
                return try transaction.keepAnswer(record, of: administration.0)
            }
            try transaction.distrustEdited([rotation.secret])
            try transaction.keepAnswer(record, of: effect, in: rotation)
        }
    }
}
