import Rotations
import Testing

@testable import keyturn

/// What the hardened unit must be allowed for the destinations.
@Suite struct DropInTests {
    private func lines(_ destinations: String...) throws -> [String] {
        let items = destinations.map { "  - \($0)" }
        let text =
            Reading.head + "  - name: ci\n"
            + "    service-account: { connection: pinecone, id: \(Reading.account) }\n"
            + "    every: 30d\n    deliver:\n" + items.map { "    \($0)\n" }.joined()
        return DropIn(policies: try Reading.parse(text).policies.map(\.policy)).lines
    }

    @Test func `a command needs nothing of the unit`() throws {
        #expect(try lines("command: { run: [/bin/push] }") == [])
    }

    @Test func `directories are named once, in their order`() throws {
        #expect(
            try lines(
                "file: { path: /srv/b/x }", "file: { path: /run/a/x }", "file: { path: /run/a/y }")
                == ["[Service]", "ReadWritePaths=/run/a", "ReadWritePaths=/srv/b"])
    }

    @Test func `groups are joined, and an owner needs capabilities`() throws {
        #expect(
            try lines("file: { path: /run/ci/x, owner: ci, group: ci, mode: \"0440\" }") == [
                "[Service]", "ReadWritePaths=/run/ci", "SupplementaryGroups=ci",
                "PrivateUsers=no", "AmbientCapabilities=CAP_CHOWN CAP_FOWNER",
                "CapabilityBoundingSet=CAP_CHOWN CAP_FOWNER",
            ])
    }

    @Test func `a path is written as systemd reads it`() throws {
        #expect(
            try lines("file: { path: \"/srv/my app/100%/x\" }", "file: { path: /x }") == [
                "[Service]", "ReadWritePaths=/", "ReadWritePaths=\"/srv/my app/100%%\"",
            ])
    }
}
