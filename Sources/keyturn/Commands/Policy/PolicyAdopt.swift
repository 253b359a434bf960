import ArgumentParser
import Audit
import Files
import Pinecone
import Rotations
import Storage

/// `keyturn policy adopt`
struct PolicyAdopt: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "adopt", abstract: "Write policies for what nothing rotates yet.",
        discussion: """
            The file is for a person to read, complete with destinations, and apply. Nothing is \
            rotated, here or by applying it: `first: after-interval` stands at each policy. What is \
            much like a policy that is here is shown as such, and nothing is taken for granted.

              keyturn policy adopt --all --output adopted.yaml
              keyturn policy adopt deploys --label env=prod
            """)

    @OptionGroup var options: OrganizationOptions
    @Argument(help: "Accounts, or keys, by name or id.") var names: [String] = []
    @Flag(name: .long, help: "All accounts and keys that nothing rotates.")
    var all = false
    @Option(name: .long, help: "A label that each policy gets, KEY=VALUE.")
    var label: [LabelOption] = []
    @Option(
        name: .long, help: "Write a new file instead of standard output.", completion: .file())
    var output: String?
    @Flag(name: .long, help: "List what would be adopted, and write nothing.")
    var dryRun = false

    mutating func validate() throws {
        guard all != !names.isEmpty else {
            throw ValidationError("name accounts or keys, or --all")
        }
    }

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let organization = try await options.open(surroundings, isReading: true)
        let program = organization.program
        let coverage = try await Coverage(organization)
        let candidates = coverage.items.filter {
            $0.standing == .unmanaged || $0.standing == .known && $0.secret?.contains("/") != true
        }
        let chosen = all ? candidates : try pick(candidates, coverage)
        let store = organization.store
        let policies = try await program.storing { () async throws(StorageError) in
            try await store.policies()
        }
        var taken = Set(policies.map(\.policy.name))
        var adopted: [AdoptedPolicy] = []
        for item in chosen {
            let base = item.secret ?? item.credential.name ?? item.credential.providerID
            let name = AdoptedPolicy.name(from: base, besides: taken)
            let similar = Nearest.match(name, among: policies.map(\.policy.name))
            taken.insert(name)
            adopted.append(
                AdoptedPolicy(
                    name: name, connection: organization.connection.name,
                    credential: item.credential, similar: similar))
        }
        guard !adopted.isEmpty else {
            program.console.say("keyturn: everything is rotated by a policy, or an admin's")
            return 0
        }
        if options.json || dryRun {
            for policy in adopted {
                program.console.answer(
                    json: options.json,
                    "\(policy.name): the \(policy.credential.kind.rawValue) "
                        + policy.credential.providerID,
                    [
                        "kind": .string("adoption"), "name": .string(policy.name),
                        "target": .string(policy.credential.kind.rawValue),
                        "id": .string(policy.credential.providerID),
                        "similar": .string(policy.similar ?? ""),
                    ])
            }
        }
        guard !dryRun else { return 0 }
        let text = AdoptedPolicy.file(adopted, labels: label) + "\n"
        if let output {
            let path = program.surroundings.absolute(output)
            try filing { () throws(FileError) in
                try PlainFile.create(path, contents: Array(text.utf8).span, mode: 0o600)
            }
            program.console.say(
                "keyturn: \(adopted.count) policies are in \(path); add where each delivers, and "
                    + "`keyturn policy apply` it")
        } else if !options.json {
            try program.console.answer(exactly: Array(text.utf8).span)
            program.console.say(
                "keyturn: hint: add where each delivers before its interval is over: a rotation in "
                    + "place without a destination leaves its users a dead secret")
        }
        return 0
    }

    private func pick(
        _ candidates: [Coverage.Item], _ coverage: Coverage
    ) throws(Failure) -> [Coverage.Item] {
        var chosen: [Coverage.Item] = []
        for name in names {
            let meant = candidates.filter {
                $0.credential.providerID == name || $0.credential.name == name || $0.secret == name
            }
            guard meant.count <= 1 else {
                throw Failure(
                    "\(meant.count) are named \(name): "
                        + meant.map(\.credential.providerID).joined(separator: ", "),
                    hint: "give the id", .usage)
            }
            if let found = meant.first {
                chosen.append(found)
                continue
            }
            let other = coverage.items.first {
                $0.credential.providerID == name || $0.credential.name == name
            }
            if let other {
                throw Failure(
                    "\(name) is \(other.standing.rawValue) already"
                        + (other.secret.map { ", as \($0)" } ?? ""),
                    hint: "see `keyturn status --coverage`", .usage)
            }
            let nearest = Nearest.match(name, among: candidates.compactMap(\.credential.name))
            throw Failure(
                "the organization has no account or key \(name)",
                hint: nearest.map { "did you mean `\($0)`?" } ?? "see `keyturn account list`",
                .usage)
        }
        return chosen
    }
}
