import ArgumentParser

/// A command: what it needs is handed to it.
protocol KeyturnCommand: ParsableCommand {
    /// Does it. Returns the exit code; throws why it could not.
    func run(in surroundings: Surroundings) async throws(Failure) -> Int32
}

/// `keyturn`: the nouns and verbs.
struct Keyturn: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keyturn",
        abstract: "Rotates Pinecone credentials when they come due, and keeps the evidence.",
        discussion: """
            A first session:

              keyturn init
              keyturn policy apply keyturn.yaml
              keyturn login pinecone --as ops-a --client-id ID < secret
              keyturn plan
              keyturn run

            Standard output is the answer, standard error the conversation, the exit \
            status the verdict: 0 done, 1 failed, 3 some failed, 4 unsettled, 5 busy, \
            6 audit trail broken, 7 attention, 64 usage, 77 loose permissions, \
            78 configuration.
            """,
        version: ProgramVersion.text,
        groupedSubcommands: [
            CommandGroup(
                name: "Setting up",
                subcommands: [Init.self, Login.self, PolicyCommand.self, Check.self]),
            CommandGroup(
                name: "Rotating",
                subcommands: [
                    Plan.self, Run.self, Rotate.self, RotationCommand.self, Deliver.self,
                    Rehearse.self, Recover.self,
                ]),
            CommandGroup(
                name: "Administering",
                subcommands: [
                    AccountCommand.self, APIKeyCommand.self, ProjectCommand.self,
                    ConnectionCommand.self,
                ]),
            CommandGroup(
                name: "Looking", subcommands: [Status.self, SecretCommand.self, AuditCommand.self]),
        ])

    /// Runs a command line and returns its exit code.
    static func main(_ arguments: [String], in surroundings: Surroundings) async -> Int32 {
        let console = surroundings.console
        let parsed: any ParsableCommand
        do {
            parsed = try parseAsRoot(arguments)
        } catch {
            let code = tell(error, console)
            if code != 0, let word = meant(by: arguments) {
                console.say("keyturn: hint: did you mean `\(word)`?")
            }
            return code
        }
        guard let command = parsed as? any KeyturnCommand else {
            // A noun without a verb, or --help.
            var parsed = parsed
            do {
                try parsed.run()
                return 0
            } catch {
                return tell(error, console)
            }
        }
        return await perform(command, in: surroundings)
    }

    /// Does a command that was read, and returns its exit code.
    static func perform(_ command: any KeyturnCommand, in surroundings: Surroundings) async -> Int32
    {
        let code: Int32
        do throws(Failure) {
            code = try await command.run(in: surroundings)
        } catch {
            surroundings.console.fail(error)
            code = error.status.rawValue
        }
        // What a command wrote is brought to the anchors also when it failed.
        if let store = surroundings.unlocked.take() { _ = await surroundings.anchor(store) }
        return code
    }

    /// The command that was probably meant by the first word that is none.
    private static func meant(by arguments: [String]) -> String? {
        var command: any ParsableCommand.Type = Keyturn.self
        for word in arguments {
            let configuration = command.configuration
            let verbs =
                configuration.subcommands
                + configuration.groupedSubcommands.flatMap(\.subcommands)
            guard !verbs.isEmpty, !word.hasPrefix("-") else { return nil }
            guard let verb = verbs.first(where: { $0._commandName == word }) else {
                return Nearest.match(word, among: verbs.map { $0._commandName })
            }
            command = verb
        }
        return nil
    }

    /// Tells what the argument parser has to say: help on standard output, errors on the other.
    private static func tell(_ error: any Error, _ console: Console) -> Int32 {
        let code = exitCode(for: error).rawValue
        let message = fullMessage(for: error)
        guard code != 0 else {
            // A script for a shell is not ours to fold.
            let isHelp = message.hasPrefix("OVERVIEW: ")
            console.answer(isHelp ? UsageText.folded(message) : message)
            return 0
        }
        for line in UsageText.folded(message).split(
            separator: "\n", omittingEmptySubsequences: false)
        {
            let text = line.hasPrefix("Error: ") ? line.dropFirst(7) : line
            console.say(line.hasPrefix("Error: ") ? "keyturn: error: \(text)" : String(text))
        }
        return code
    }
}

/// The usage lines of the argument parser, which folds everything else.
enum UsageText {
    private static let width = 80

    /// The text with its usage lines folded between options.
    static func folded(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { line in
                let isUsage = line.hasPrefix("USAGE: ") || line.hasPrefix("Usage: ")
                return isUsage && line.count > width ? fold(line) : String(line)
            }.joined(separator: "\n")
    }

    private static func fold(_ line: Substring) -> String {
        var lines: [String] = []
        var current = ""
        for part in parts(line) {
            if current.count + 1 + part.count > width {
                lines.append(current)
                current = "        " + part
            } else {
                current += current.isEmpty ? part : " " + part
            }
        }
        return (lines + [current]).joined(separator: "\n")
    }

    /// Words, and options with their values: `[--state <dir>]` is one part.
    private static func parts(_ line: Substring) -> [String] {
        var parts: [String] = []
        var isOpen = false
        for word in line.split(separator: " ") {
            let joins = isOpen || word.hasPrefix("<") && parts.last?.hasPrefix("--") == true
            if joins, let last = parts.popLast() {
                parts.append("\(last) \(word)")
            } else {
                parts.append(String(word))
            }
            isOpen = parts.last.map { $0.hasPrefix("[") && !$0.hasSuffix("]") } ?? false
        }
        return parts
    }
}
