import FoundationEssentials
import Rotations
import Storage

/// A state that stories begin with: made once by real commands, and copied.
struct Template: Sendable {
    /// A policy, and what it is about.
    struct Secret: Hashable, Sendable {
        let name: String
        let kind: Target.Kind
        let id: String
        var strategy = Strategy.inPlace
        /// The strategy after an edit of the file.
        var edited: Strategy?
        /// The lines of the policy after its target.
        let terms: String
        let destinations: [String]
    }

    let secrets: [Secret]
    let truth: Truth
    private let machine: Machine

    static let project = "8d7e2c41-0a9b-4f36-b5d1-6e3f90a2c874"

    private static let deploys = Secret(
        name: "ci", kind: .serviceAccount, id: "3f0c1d52-7b64-4e19-9a80-5c2d8e6f1a07",
        terms: """
                every: 30d
                deliver:
                  - file: { path: /srv/ci.env, format: env }
                  - command: { run: [/usr/local/bin/push, ci], input: raw }
            """, destinations: ["file:/srv/ci.env", "command:/usr/local/bin/push ci"])

    private static let batch = Secret(
        name: "batch", kind: .serviceAccount, id: "91b7a3c4-0d2e-4f58-8b16-7a9c3e5d0f24",
        edited: .overlap,
        terms: """
                every: 30d
                keep: 1
                deliver:
                  - file: { path: /srv/batch.env, format: env, required: false }
                  - file: { path: /srv/batch.json, format: json }
            """, destinations: ["file:/srv/batch.env", "file:/srv/batch.json"])

    private static let search = Secret(
        name: "search", kind: .apiKey, id: "c5b1e0a7-62d4-4b3f-8e19-70f8a4d2b639",
        terms: """
                every: 30d
                overlap: 24h
                deliver:
                  - file: { path: /srv/search, format: raw }
                  - command: { run: [/usr/local/bin/push, search], input: json, required: false }
            """, destinations: ["file:/srv/search", "command:/usr/local/bin/push search"])

    private static let index = Secret(
        name: "index", kind: .apiKey, id: "e2f4a6b8-1c3d-4e5f-9071-82a3b4c5d6e7",
        terms: """
                every: 20d
                overlap: 0s
                keep: 3
                deliver:
                  - file: { path: /srv/index.json, format: json }
            """, destinations: ["file:/srv/index.json"])

    private static let gate = Secret(
        name: "gate", kind: .apiKey, id: "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d",
        terms: """
                every: 30d
                overlap: 1h
                acknowledge: true
                gate-deadline: 5d
                on-deadline: park
                deliver:
                  - file: { path: /srv/gate, format: raw }
            """, destinations: ["file:/srv/gate"])

    private static let feed = Secret(
        name: "feed", kind: .apiKey, id: "5d4c3b2a-1f0e-4d9c-8b7a-6f5e4d3c2b1a",
        terms: """
                every: 30d
                overlap: 12h
                acknowledge: true
                gate-deadline: 2d
                on-deadline: retire
                deliver:
                  - file: { path: /srv/feed, format: env }
                  - command: { run: [/usr/local/bin/push, feed], input: raw }
            """, destinations: ["file:/srv/feed", "command:/usr/local/bin/push feed"])

    private static let agent = Secret(
        name: "agent", kind: .serviceAccount, id: "7c6b5a49-3827-4165-8504-f3e2d1c0b9a8",
        strategy: .overlap,
        terms: """
                every: 25d
                overlap: 6h
                deliver:
                  - file: { path: /srv/agent.env, format: env }
                  - command: { run: [/usr/local/bin/push, agent], input: json }
            """, destinations: ["file:/srv/agent.env", "command:/usr/local/bin/push agent"])

    /// All templates: as they are applied, and rotated once.
    static func all() async throws -> [Template] {
        var templates: [Template] = []
        for secrets in [
            [deploys], [search], [index], [deploys, search], [batch, index],
            [search, batch, deploys], [gate], [feed, gate], [deploys, feed],
            [agent], [agent, batch], [search, agent, index],
        ] {
            let applied = try await Template(applying: secrets)
            templates.append(applied)
            templates.append(try await applied.rotated())
        }
        return templates
    }

    private init(applying secrets: [Secret]) async throws {
        let dice = Dice(seed: 0)
        var truth = Truth()
        truth.propagation = 0..<1
        for secret in secrets {
            _ = truth.make(
                secret.id, secret.kind, name: secret.name, by: .adopted,
                rights: Set(
                    ["DataPlaneEditor", "ProjectViewer"].map {
                        Right(role: $0, resourceType: nil, resourceID: nil)
                    }), dice)
        }
        // What only looks like ours: another state's attempt, and somebody else's.
        for (number, name) in ["search~01JZZZZZZZZZZZZZZZZZZZZZZZ", "search", "theirs"].enumerated()
        {
            _ = truth.make("others-\(number)", .apiKey, name: name, by: .others, rights: [], dice)
        }
        machine = try Machine(World(truth, dice))
        self.secrets = secrets
        try machine.home.make("keyturn.yaml", Self.configuration(secrets))
        for arguments in [["init"], ["policy", "apply", "keyturn.yaml"]] {
            let ended = await machine.run(arguments)
            precondition(ended.status == 0, ended.conversation)
        }
        self.truth = machine.world.now
    }

    private init(_ secrets: [Secret], _ truth: Truth, _ machine: Machine) {
        self.secrets = secrets
        self.truth = truth
        self.machine = machine
    }

    /// The same, after a first rotation of all without an incident.
    private func rotated() async throws -> Template {
        let machine = try machine(Dice(seed: 1))
        for hours in [0, 25, 25] {
            machine.world.pass(Int64(hours) * 3_600_000)
            var commands = [["run", "--jobs", "1"]]
            for secret in secrets {
                commands.append(["secret", "acknowledge", secret.name, "--reason", "all moved"])
            }
            for command in commands {
                let ended = await machine.run(command)
                precondition(ended.status == 0, ended.conversation)
            }
        }
        return Template(secrets, machine.world.now, machine)
    }

    /// A file of these policies; edited, some have another strategy.
    private static func configuration(_ secrets: [Secret], isEdited: Bool = false) -> String {
        var text = "version: 1\nconnections:\n  pinecone:\n    admins: [ops-a]\npolicies:\n"
        for secret in secrets {
            let place = secret.kind == .apiKey ? "project: \(project), " : ""
            text += "  - name: \(secret.name)\n"
            text += "    \(secret.kind.rawValue): "
            text += "{ connection: pinecone, \(place)id: \(secret.id) }\n"
            if secret.kind == .serviceAccount {
                let strategy = isEdited ? secret.edited ?? secret.strategy : secret.strategy
                text += "    strategy: \(strategy.rawValue)\n"
            }
            text += secret.terms + "\n"
        }
        return text
    }

    /// A machine with a copy of the state.
    func machine(_ dice: Dice) throws -> Machine {
        var truth = truth
        truth.log = []
        let copy = try Machine(World(truth, dice))
        for name in ["", "/lock", "/spool"] {
            try FileManager.default.createDirectory(
                atPath: copy.state.path + name, withIntermediateDirectories: false,
                attributes: [.posixPermissions: 0o700])
        }
        try FileManager.default.copyItem(
            atPath: machine.state.database, toPath: copy.state.database)
        try FileManager.default.linkItem(atPath: machine.state.ballast, toPath: copy.state.ballast)
        try copy.home.make("keyturn.yaml", Self.configuration(secrets))
        try copy.home.make("edited.yaml", Self.configuration(secrets, isEdited: true))
        return copy
    }
}
