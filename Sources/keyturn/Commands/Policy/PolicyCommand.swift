import ArgumentParser
import Rotations
import Storage

/// `keyturn policy`
struct PolicyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy", abstract: "What must be rotated, when, how, and who receives it.",
        discussion: """
              keyturn policy apply keyturn.yaml --dry-run
              keyturn policy list
            """,
        subcommands: [
            PolicyApply.self, PolicyList.self, PolicyShow.self, PolicyPause.self,
            PolicyResume.self, PolicyRemove.self, PolicyAdopt.self,
        ])
}

extension Store {
    /// The policy of this name, or why there is none.
    func policyOrFailure(_ name: String) throws(Failure) -> StoredPolicy {
        let nearest: String?
        do throws(StorageError) {
            if let policy = try policy(named: name) { return policy }
            nearest = Nearest.match(name, among: try policies().map(\.policy.name))
        } catch {
            throw Failure(error)
        }
        throw Failure(
            "there is no policy \(name)",
            hint: nearest.map { "did you mean \($0)?" } ?? "see `keyturn policy list`", .usage)
    }
}
