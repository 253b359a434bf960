import FoundationEssentials
import PineconeEmulator
import Testing

@testable import keyturn

/// The README keeps its word.
@Suite struct ReadmeTests {
    private let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: root.appending(path: path)), as: UTF8.self)
    }

    /// The lines of its sessions, without the prompt.
    private func commandLines() throws -> [String] {
        var isSession = false
        return try text("README.md").split(separator: "\n").compactMap { line in
            if line.hasPrefix("```") { isSession = line == "```console" }
            return isSession && line.hasPrefix("$ ") ? String(line.dropFirst(2)) : nil
        }
    }

    @Test func `every command line of keyturn in it runs and ends well`() async throws {
        let program = try await readme()
        var count = 0
        for line in try commandLines() where line.hasPrefix("keyturn ") {
            let (arguments, input, output) = Self.words(line)
            let outcome = await program.keyturn(
                arguments.map { $0.hasPrefix("aB3d") ? program.admin.clientID : $0 },
                input: input.map { _ in program.admin.clientSecret })
            if let output { try program.write(output, outcome.output) }
            #expect(outcome.status == 0, "\(line)\n\(outcome.output)\(outcome.conversation)")
            count += 1
        }
        #expect(count > 15)
    }

    @Test func `its first session says what the program says`() async throws {
        let program = try await readme()
        var said = ""
        for line in try commandLines().prefix(5) {
            let (arguments, input, _) = Self.words(line)
            let outcome = await program.keyturn(
                arguments.map { $0.hasPrefix("aB3d") ? program.admin.clientID : $0 }
                    + (arguments[0] == "run" ? ["--jobs", "1"] : []),
                input: input.map { _ in program.admin.clientSecret })
            if ["run", "status"].contains(arguments[0]) { said += outcome.output }
        }
        let shown = try text("README.md").split(separator: "```text\n")[1].split(separator: "```")[
            0]
        #expect(said == shown)
    }

    @Test func `every other command line names what is there`() throws {
        let makefile = try text("Makefile")
        for line in try commandLines() where !line.hasPrefix("keyturn ") {
            let words = line.split(separator: " ").map(String.init)
            if words[0] == "make" {
                #expect(makefile.contains("\n\(words[1]):"), "\(line)")
            }
            for word in words where word.hasPrefix("deploy/") {
                #expect(throws: Never.self, "\(line)") { try text(word) }
            }
            if let index = words.firstIndex(of: "keyturn"), index > 0, words[0] == "sudo",
                words[index - 1] != "-u"
            {
                #expect(["init", "policy", "login", "check"].contains(words[index + 1]), "\(line)")
            }
        }
    }

    @Test func `its exit statuses are those of the program`() throws {
        let rows = try text("README.md").split(separator: "\n").compactMap { line -> String? in
            let cells = line.split(separator: "|").map { $0.trimming }
            guard cells.count == 2, Int32(cells[0]) != nil else { return nil }
            return "\(cells[0]) \(cells[1])"
        }
        #expect(rows == ExitStatus.allCases.map { "\($0.rawValue) \($0.meaning)" })
    }

    @Test func `the files that it points to exist`() throws {
        let readme = try text("README.md")
        for link in readme.split(separator: "](").dropFirst() {
            let target = String(link.prefix { $0 != ")" })
            guard !target.hasPrefix("http") else { continue }
            #expect(throws: Never.self, "\(target)") { try text(target) }
        }
    }

    /// The README's own file, over the emulator, with destinations in the test's directory.
    private func readme() async throws -> TestProgram {
        let program = try await TestProgram()
        // A Tuesday at 02:30 in Berlin, when the window is open.
        program.advance(.minutes(15 * 60 + 10))
        let emulator = program.emulator
        let project = emulator.addProject(
            id: "8d7e2c41-0a9b-4f36-b5d1-6e3f90a2c874", name: "shop")
        _ = emulator.addServiceAccount(id: "3f0c1d52-7b64-4e19-9a80-5c2d8e6f1a07", name: "deploys")
        _ = emulator.addAPIKey(
            id: "c5b1e0a7-62d4-4b3f-8e19-70f8a4d2b639", project: project, name: "search")
        try program.directory.make("push", "#!/bin/sh\ncat >/dev/null\n", mode: 0o755)
        let readme = try text("README.md")
        let yaml = readme.split(separator: "```yaml\n")[1].split(separator: "```")[0]
        try program.write(
            "keyturn.yaml",
            String(yaml)
                .replacing(
                    "admins: [ops-a, ops-b]",
                    with: """
                        admins: [ops-a, ops-b]
                            api: \(emulator.url)
                            login: \(emulator.tokenURL)
                        """
                )
                .replacing("/run/ci", with: program.directory.file("out"))
                .replacing("/run/search", with: program.directory.file("out"))
                .replacing("/usr/local/libexec/push", with: program.directory.file("push"))
                .replacing(", owner: ci, group: ci", with: ""))
        return program
    }

    /// The words of a command line, and what comes after `<` and `>`.
    private static func words(
        _ line: String
    ) -> (arguments: [String], input: String?, output: String?) {
        var words: [String] = []
        var word = ""
        var isQuoted = false
        for character in line + " " {
            switch character {
            case "\"": isQuoted.toggle()
            case " " where !isQuoted:
                if !word.isEmpty { words.append(word) }
                word = ""
            default: word.append(character)
            }
        }
        let arguments = words.dropFirst().prefix { $0 != "<" && $0 != ">" }
        func file(after sign: String) -> String? {
            words.firstIndex(of: sign).map { words[$0 + 1] }
        }
        return (Array(arguments), file(after: "<"), file(after: ">"))
    }
}

extension Substring {
    /// Without the blanks at both ends.
    fileprivate var trimming: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
