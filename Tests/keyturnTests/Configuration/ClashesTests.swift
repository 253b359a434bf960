import Rotations
import Testing

@testable import keyturn

/// One name, one credential and one file belong to one policy each (P1).
@Suite struct ClashesTests {
    private func policy(
        _ name: String, _ id: String, connection: String = "pinecone", path: String? = nil
    ) -> String {
        """
          - name: \(name)
            service-account: { connection: \(connection), id: \(id) }
            every: 30d
            deliver: [\(path.map { "{ file: { path: \($0) } }" } ?? "")]

        """
    }

    @Test func `two policies of one name are refused`() {
        let text =
            Reading.head + policy("ci", Reading.account) + policy("ci", Reading.other)
        #expect(
            Reading.problems(text) == [
                "9:11: two policies bear the name `ci`; the first is on line 5"
            ])
    }

    @Test func `two policies over one credential are refused`() {
        let text = Reading.head + policy("a", Reading.account) + policy("b", Reading.account)
        #expect(
            Reading.problems(text) == [
                "10:50: `a` and `b` are policies over one credential "
                    + "(one policy rotates it, and delivers to all who need it)"
            ])
    }

    @Test func `one credential is one, whatever the connections to it are called`() {
        let text = """
            version: 1
            connections:
              one: { admins: [a] }
              two: { api: "https://API.pinecone.io", admins: [b] }
            policies:
            \(policy("a", Reading.account, connection: "one"))\
            \(policy("b", Reading.account.uppercased(), connection: "two"))
            """
        #expect(Reading.problems(text).map { $0.prefix(6) } == ["11:45:"])
    }

    @Test func `a connection that was applied before counts too`() {
        let before = Connection(
            name: "old", api: "https://api.pinecone.io", login: "", caFile: nil, admins: ["a"])
        let text =
            Reading.head + policy("a", Reading.account)
            + policy("b", Reading.account, connection: "old")
        #expect(Reading.problems(text, stored: [before]).count == 1)
    }

    @Test func `two policies that write one file are refused`() {
        let text =
            Reading.head + policy("a", Reading.account, path: "/run/x")
            + policy("b", Reading.other, path: "/run/x")
        #expect(Reading.problems(text) == ["12:31: `a` and `b` both write /run/x"])
    }
}
