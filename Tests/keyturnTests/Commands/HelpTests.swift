import ArgumentParser
import Glibc
import TestSupport
import Testing

@testable import keyturn

/// Help that teaches: what every command says of itself.
@Suite struct HelpTests {
    @Test func `the commands are those that were promised`() {
        #expect(
            Set(Walked.all.map { $0.words.joined(separator: " ") }) == [
                "", "init", "login", "policy", "policy apply", "policy list", "policy show",
                "policy pause", "policy resume", "policy remove", "policy adopt", "check", "plan",
                "run", "rotate",
                "deliver", "rehearse", "recover", "status", "secret", "secret list", "secret show",
                "secret reveal", "secret import", "secret acknowledge", "rotation",
                "rotation list", "rotation show", "rotation resume", "rotation rollback", "audit",
                "audit list", "audit show", "audit verify", "audit report", "audit export",
                "audit prove",
                "audit sample", "audit checkpoint", "audit key", "audit find-value",
                "audit rotate-key", "audit new-epoch", "audit witness-request",
                "audit add-cosignature", "account", "account list", "account show",
                "account create", "account rename", "account grant", "account revoke",
                "account delete", "account token", "api-key", "api-key list", "api-key create",
                "api-key rename", "api-key roles", "api-key delete", "project", "project list",
                "connection", "connection list", "connection show", "connection test",
            ])
    }

    @Test(arguments: Walked.all)
    func `its help fits eighty columns and has an example`(_ command: Walked) {
        for line in command.help.split(separator: "\n") {
            #expect(line.count <= 80, "\(line)")
        }
        #expect(!command.examples.isEmpty)
        #expect(command.type.configuration.abstract.hasSuffix("."))
    }

    @Test(arguments: Walked.all)
    func `each example is a command line that is understood, on one line of the help`(
        _ command: Walked
    ) throws {
        for example in command.examples {
            #expect(throws: Never.self, "\(example)") { try Keyturn.parseAsRoot(example) }
            let written = "  keyturn " + example.prefix(2).joined(separator: " ")
            #expect(command.help.contains(written))
        }
        for line in command.type.configuration.discussion.split(separator: "\n")
        where line.contains("keyturn ") && line.hasPrefix("  ") {
            #expect(command.help.contains(line))
        }
    }

    @Test(arguments: Walked.all)
    func `help is an answer, and asked for it is no error`(_ command: Walked) async throws {
        let program = try await TestProgram()
        let outcome = await program.keyturn(command.words + ["--help"])
        #expect(outcome.status == 0)
        #expect(outcome.output == command.help + "\n")
        #expect(outcome.conversation == "")
    }

    @Test(arguments: Walked.all.filter { $0.type is any KeyturnCommand.Type })
    func `every command has json and a state`(_ command: Walked) {
        #expect(command.help.contains("--json"))
        #expect(command.help.contains("--state"))
    }

    @Test(arguments: [
        "init", "login", "policy apply", "policy pause", "policy resume", "policy remove", "run",
        "rotate", "deliver", "recover", "secret reveal", "audit export", "audit find-value",
        "audit report", "account create", "account rename", "account grant", "account revoke",
        "account delete", "account token", "api-key create", "api-key rename", "api-key roles",
        "api-key delete", "policy adopt",
    ])
    func `whatever has an effect has a dry run`(_ words: String) throws {
        let command = try #require(
            Walked.all.first { $0.words.joined(separator: " ") == words })
        #expect(command.help.contains("--dry-run"))
    }

    @Test func `the version is told`() async throws {
        let program = try await TestProgram()
        #expect(await program.keyturn("--version").output == "\(ProgramVersion.text)\n")
    }

    @Test(arguments: [("bash", "/bin/bash"), ("zsh", "/bin/zsh"), ("fish", "/usr/bin/fish")])
    func `completions are a script that the shell reads`(_ shell: (String, String)) async throws {
        let program = try await TestProgram()
        let script = await program.keyturn("--generate-completion-script", shell.0)
        #expect(script.status == 0)
        #expect(script.output.contains("rotate"))
        guard access(shell.1, X_OK) == 0 else { return }
        let path = try program.directory.make("completions", script.output)
        #expect(try status(of: [shell.1, "-n", path]) == 0)
    }

    private func status(of words: [String]) throws -> Int32 {
        var process = pid_t()
        let arguments = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        guard posix_spawn(&process, words[0], nil, nil, arguments, environ) == 0 else {
            throw TestFailure.system(errno)
        }
        var status: Int32 = 0
        waitpid(process, &status, 0)
        return status
    }
}

/// Command lines that cannot be meant.
@Suite struct UsageTests {
    static let wrong: [([String], String)] = [
        (["rotat", "ci"], "did you mean `rotate`?"),
        (["policy", "lst"], "did you mean `list`?"),
        (["rotate", "ci"], "--reason"),
        (["rotate", "--reason", "x"], "name the policies, or a --label, or --all: one of them"),
        (["rotate", "ci", "--all", "--reason", "x"], "one of them"),
        (["rotate", "--label", "prod", "--reason", "x"], "--label"),
        (["run", "--jobs", "0"], "--jobs is 1 to 64"),
        (["audit", "list", "--limit", "0"], "--limit is 1 to 10000"),
        (["audit", "list", "--follow", "--before", "3"], "one of them"),
        (["audit", "export"], "an export is --jsonl, or --tiles: one of them"),
        (["audit", "export", "--tiles", "x", "--output", "y"], "belong to --jsonl"),
        (["audit", "report", "--format", "pdf"], "--format is text, json, csv or html"),
        (["audit", "report", "--format", "csv", "--json"], "--json is --format json"),
        (["audit", "report", "--from", "2027-01-01", "--to", "2026-01-01"], "not before"),
        (["audit", "report", "--from", "then"], "`then` is no time"),
        (["audit", "sample", "--n", "0", "--seed", "x"], "--n is 1 to 1000"),
        (["policy", "apply", "x.yaml", "--abandon"], "--prune"),
        (["plan", "--until", "soon"], "`soon` is no duration"),
        (["status", "--state", "relative"], "the state must be an absolute path"),
    ]

    @Test(arguments: wrong)
    func `a wrong command line says how it would be right, and does nothing`(
        _ arguments: [String], _ said: String
    ) async throws {
        let program = try await TestProgram()
        let outcome = await program.keyturn(arguments)
        #expect(outcome.status == 64)
        #expect(outcome.output == "")
        #expect(outcome.conversation.hasPrefix("keyturn: error: "))
        #expect(outcome.conversation.contains(said), "\(outcome.conversation)")
        #expect(program.directory.names == ["out"])
    }
}
