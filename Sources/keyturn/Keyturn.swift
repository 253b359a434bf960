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
                subcommands: [Plan.self, Run.self, Rotate.self, Deliver.self, Recover.self]),
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
            return tell(error, console)
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
        do throws(Failure) {
            return try await command.run(in: surroundings)
        } catch {
            console.fail(error)
            return error.status.rawValue
        }
    }

    /// Tells what the argument parser has to say: help on standard output, errors on the other.
    private static func tell(_ error: any Error, _ console: Console) -> Int32 {
        let code = exitCode(for: error).rawValue
        let message = fullMessage(for: error)
        guard code == 0 else {
            let lines = message.split(separator: "\n", omittingEmptySubsequences: false)
            for line in lines {
                let text = line.hasPrefix("Error: ") ? line.dropFirst(7) : line
                console.say(line.hasPrefix("Error: ") ? "keyturn: error: \(text)" : String(text))
            }
            return code
        }
        console.answer(message)
        return 0
    }
}
