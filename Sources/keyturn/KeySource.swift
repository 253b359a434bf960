import Files
import Linux
import Processes
import Secrets
import Vault

/// Where the root key lives: outside the database, always.
enum KeySource: Hashable {
    /// A file of ours, 0400.
    case file(String)
    /// A systemd credential of the unit.
    case credential(String)
    /// A program that prints the key: a KMS, a TPM, age.
    case command(String)

    /// Reads `file:PATH`, `credential:NAME` or `command:PATH`.
    init(_ text: String) throws(Failure) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let rest = parts.count == 2 ? String(parts[1]) : ""
        switch parts.first {
        case "file" where rest.hasPrefix("/"): self = .file(rest)
        case "command" where rest.hasPrefix("/"): self = .command(rest)
        case "credential" where !rest.isEmpty && !rest.contains("/"): self = .credential(rest)
        default:
            throw Failure(
                "`\(text)` is no key source",
                hint: "write file:/PATH, credential:NAME or command:/PATH", .usage)
        }
    }

    /// As it is written in the database and on the command line.
    var text: String {
        switch self {
        case .file(let path): "file:\(path)"
        case .credential(let name): "credential:\(name)"
        case .command(let path): "command:\(path)"
        }
    }

    private static let limit = 4096

    /// Reads the key.
    func read(_ environment: [String: String]) async throws(Failure) -> RootKey {
        let text = try await contents(environment)
        do throws(VaultError) {
            return try RootKey(reading: text)
        } catch {
            throw Failure(error)
        }
    }

    private func contents(_ environment: [String: String]) async throws(Failure) -> SecretBytes {
        switch self {
        case .file(let path): return try Self.secret(path)
        case .credential(let name):
            guard let directory = environment["CREDENTIALS_DIRECTORY"] else {
                throw Failure(
                    "the root key is the systemd credential \(name), and there are no credentials",
                    hint: "run inside the unit, or give the key with --key file:PATH",
                    .configuration)
            }
            return try Self.secret("\(directory)/\(name)")
        case .command(let path):
            do throws(ProgramError) {
                try ProgramCheck.check(path)
            } catch {
                throw Failure(error)
            }
            do throws(CommandError) {
                return try await Command(program: path, timeout: .seconds(30))
                    .runForOutput(limit: Self.limit)
            } catch {
                throw Failure(
                    "the key command \(path) did not print a key",
                    hint: "run it by hand as this user; its output is not shown here",
                    .configuration)
            }
        }
    }

    private static func secret(_ path: String) throws(Failure) -> SecretBytes {
        do throws(FileError) {
            return try SecretFile.read(path, limit: limit)
        } catch {
            guard error.cause == .notFound else { throw Failure(error) }
            throw Failure(
                "the root key \(path) is gone",
                hint: "restore it from its backup; without it no sealed secret can be opened",
                .configuration)
        }
    }
}
