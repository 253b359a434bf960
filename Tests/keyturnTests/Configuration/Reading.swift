import Rotations
import Storage
import YAML

@testable import keyturn

/// Files of configuration as tests write them.
enum Reading {
    static let account = "3f0c1d52-7b64-4e19-9a80-5c2d8e6f1a07"
    static let other = "c5b1e0a7-62d4-4b3f-8e19-70f8a4d2b639"
    static let project = "8d7e2c41-0a9b-4f36-b5d1-6e3f90a2c874"

    /// Four lines, so that the first policy begins on line 5.
    static let head = """
        version: 1
        connections:
          pinecone: { admins: [ops-a] }
        policies:

        """

    /// A file of one policy, `ci`, whose lines after the seventh are given.
    static func policy(_ lines: String...) -> String {
        head + """
              - name: ci
                service-account: { connection: pinecone, id: \(account) }
                every: 30d

            """ + lines.map { "    \($0)\n" }.joined()
    }

    /// What is wrong with a text, as a person reads it: `LINE:COLUMN: problem (hint)`.
    static func problems(
        _ text: String, stored: [Connection] = []
    ) -> [String] {
        do throws(ConfigurationFile.Problems) {
            _ = try parse(text, stored: stored)
            return []
        } catch {
            return error.all.map { problem in
                let place = "\(problem.mark.line):\(problem.mark.column)"
                return "\(place): \(problem.message)" + (problem.hint.map { " (\($0))" } ?? "")
            }
        }
    }

    static func parse(
        _ text: String, stored: [Connection] = []
    ) throws(ConfigurationFile.Problems) -> ConfigurationFile {
        try ConfigurationFile.parse(
            Array(text.utf8), state: StateDirectory(path: "/var/lib/keyturn"),
            storedConnections: stored)
    }
}
