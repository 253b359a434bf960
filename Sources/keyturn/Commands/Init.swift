import ArgumentParser
import Audit
import Files
import Linux
import OpenSSL
import Rotations
import Secrets
import Storage
import Vault

/// `keyturn init`
struct Init: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make a state: database, root key, signing key.",
        discussion: """
            The root key opens every sealed secret. It lives outside the state: by default in \
            /etc/keyturn/root.key for the state /var/lib/keyturn, else beside the state in \
            STATE.key, a file that only its owner may read. Keep a copy of it somewhere else, and \
            never with a copy of the state.

              keyturn init
              keyturn init --state /srv/keyturn --key file:/etc/keyturn/root.key
              keyturn init --key credential:keyturn-key
            """)

    @OptionGroup var options: StateOptions
    @Flag(name: .long, help: "Say what would be made, and make nothing.")
    var dryRun = false

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let source =
            try options.key.map { (text) throws(Failure) in try KeySource(text) }
            ?? Self.defaultSource(program.directory)
        if case .file(let path) = source, program.directory.contains(path) {
            throw Failure(
                "the root key must not lie inside the state, and \(path) does",
                hint: "whoever copies the state would copy the key with it", .usage)
        }
        if let existing = try existingState(program.directory) {
            throw Failure(StorageError.stateExists(path: existing))
        }
        let isNewKey = try Self.isKeyMissing(source)
        guard !dryRun else {
            tell(program, source, isNewKey: isNewKey, vkey: nil)
            return 0
        }
        if isNewKey { try Self.makeKey(source) }
        let key = try await source.read(surroundings.environment)
        do throws(StorageError) {
            let vkey = try Store.create(
                program.directory, environment: program.environment, rootKey: key,
                keySource: source.text)
            tell(program, source, isNewKey: isNewKey, vkey: vkey)
        } catch {
            throw Failure(error)
        }
        return 0
    }

    /// A file in /etc for the default state, else beside the state.
    static func defaultSource(_ directory: StateDirectory) -> KeySource {
        directory.path == "/var/lib/keyturn"
            ? .file("/etc/keyturn/root.key") : .file(directory.path + ".key")
    }

    private func existingState(_ directory: StateDirectory) throws(Failure) -> String? {
        do throws(FileError) {
            return try PlainFile.state(directory.database) == nil ? nil : directory.path
        } catch {
            guard error.cause == .notFound else { throw Failure(error) }
            return nil
        }
    }

    private static func isKeyMissing(_ source: KeySource) throws(Failure) -> Bool {
        guard case .file(let path) = source else { return false }
        do throws(FileError) {
            return try PlainFile.state(path) == nil
        } catch {
            guard error.cause == .notFound else { throw Failure(error) }
            return true
        }
    }

    private static func makeKey(_ source: KeySource) throws(Failure) {
        guard case .file(let path) = source else { return }
        try write(try newKey(), to: path)
    }

    private static func newKey() throws(Failure) -> SecretBytes {
        do throws(VaultError) {
            return try RootKey.generate().fileContents()
        } catch {
            throw Failure(error)
        }
    }

    private static func write(_ contents: borrowing SecretBytes, to path: String) throws(Failure) {
        let parent = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        do throws(FileError) {
            do throws(FileError) {
                try SecretFile.create(path, contents: contents)
            } catch {
                // Only the last directory is made, as `mkdir` would.
                guard error.cause == .notFound, !parent.isEmpty else { throw error }
                try Directory.create(parent)
                try SecretFile.create(path, contents: contents)
            }
        } catch {
            throw Failure(error)
        }
    }

    private func tell(_ program: Program, _ source: KeySource, isNewKey: Bool, vkey: String?) {
        let console = program.console
        if options.json {
            var object: [String: JSON] = [
                "kind": .string("state"), "state": .string(program.directory.path),
                "key": .string(source.text), "key_made": .boolean(isNewKey),
                "made": .boolean(vkey != nil),
            ]
            object["vkey"] = vkey.map(JSON.string)
            return console.answer(object)
        }
        guard let vkey else {
            console.answer("would make the state \(program.directory.path)")
            if isNewKey { console.answer("would make the root key \(source.text)") }
            return
        }
        console.answer("state:     \(program.directory.path)")
        console.answer("root key:  \(source.text)")
        console.answer("audit key: \(vkey)")
        console.say("keyturn: keep a copy of the root key apart from the state: without it no")
        console.say("keyturn: secret can be opened, and whoever has both can open all")
    }
}
