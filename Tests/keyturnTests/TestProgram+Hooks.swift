import Rotations

@testable import keyturn

extension TestProgram {
    /// A command that receives a secret, and that a test can break and mend.
    struct Hook {
        let program: TestProgram
        let path: String
        /// The item of `deliver:`.
        let yaml: String

        /// From now on it appends what it receives to `log`.
        func mend() throws {
            let log = program.directory.file("log")
            try rewrite("cat >> \(log)\necho >> \(log)")
        }

        /// From now on it does this.
        func rewrite(_ body: String) throws {
            try program.write("hook", "#!/bin/sh\n\(body)\n", mode: 0o700)
        }
    }

    /// A command that does this with the raw value; `terms` is what else the file says of it.
    func hook(_ body: String, terms: String = "") throws -> Hook {
        let path = directory.file("hook")
        let hook = Hook(
            program: self, path: path,
            yaml: "      - command: { run: [\(path)], input: raw\(terms) }")
        try hook.rewrite(body)
        return hook
    }

    /// A command that ends with a failure and has received nothing.
    func failingHook(terms: String = "") throws -> Hook { try hook("exit 3", terms: terms) }

    /// What the command was given, oldest first.
    var received: [String] {
        directory.text("log")?.split(separator: "\n").map(String.init) ?? []
    }
}
