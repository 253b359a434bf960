import Rotations
import Testing

@testable import keyturn

/// The sample of DESIGN, section 9.
@Suite struct SampleTests {
    static let text = """
        version: 1
        connections:
          pinecone:
            kind: pinecone
            api: https://api.pinecone.io                  # defaults
            login: https://login.pinecone.io/oauth/token
            admins: [ops-a, ops-b]
        defaults: { every: 90d, spread: 6h }
        policies:
          - name: ci-deployer
            service-account: { connection: pinecone, id: 3f0c1d52-7b64-4e19-9a80-5c2d8e6f1a07, name: deploys }
            strategy: in-place
            every: 30d
            max-age: 45d
            window: { days: Mon-Fri, from: "02:00", to: "05:00", zone: Europe/Berlin }
            labels: { env: prod }
            deliver:
              - file: { path: /run/ci/pinecone.env, format: env, owner: ci, group: ci, mode: "0440" }
              - command: { run: [/usr/local/libexec/push, ci], input: json, timeout: 30s, required: true }
          - name: search-key
            api-key: { connection: pinecone, project: 8d7e2c41-0a9b-4f36-b5d1-6e3f90a2c874, id: c5b1e0a7-62d4-4b3f-8e19-70f8a4d2b639 }
            every: 30d
            overlap: 24h
        """

    @Test func `the sample is read as it is meant`() throws {
        let file = try Reading.parse(Self.text)
        #expect(file.connections.map(\.admins) == [["ops-a", "ops-b"]])
        #expect(file.policies.map(\.policy.name) == ["ci-deployer", "search-key"])
        let ci = try #require(file.policies.first).policy
        let key = try #require(file.policies.last).policy
        #expect(ci.schedule.text == "every 30d, Mon-Fri 02:00-05:00 Europe/Berlin")
        #expect(ci.schedule.spread == .hours(6))
        #expect(ci.schedule.maxAge == .days(45))
        #expect(
            ci.terms.destinations.map(\.id) == [
                "file:/run/ci/pinecone.env", "command:/usr/local/libexec/push ci",
            ])
        #expect(key.terms.strategy == .overlap)
        #expect(key.terms.overlap == .hours(24))
        #expect(key.target.project == "8d7e2c41-0a9b-4f36-b5d1-6e3f90a2c874")
    }

    @Test func `a default holds where a policy says nothing`() throws {
        let text = Self.text.replacing("    every: 30d\n    overlap", with: "    overlap")
        let file = try Reading.parse(text)
        #expect(file.policies.last?.policy.schedule.text == "every 90d")
    }

    @Test func `a cron of the policy takes the place of an interval of the defaults`() throws {
        let text = Self.text.replacing(
            "    every: 30d\n    overlap", with: "    cron: 0 3 * * 1\n    overlap")
        let file = try Reading.parse(text)
        #expect(file.policies.last?.policy.schedule.text == "cron 0 3 * * 1 (UTC)")
    }
}
