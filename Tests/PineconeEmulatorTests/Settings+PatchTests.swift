import Testing

@testable import PineconeEmulator

struct SettingsPatchTests {
    @Test func `a patch changes what it names and nothing else`() throws {
        var settings = Settings()
        settings.rateLimit = .init(every: 2)
        let patch: JSON = [
            "old_token_life_ms": .null, "expires_in": 1, "wrong_secret_body": "text",
        ]
        let patched = try settings.patched(by: patch)
        var expected = settings
        expected.oldTokenLifeMs = nil
        expected.expiresIn = 1
        expected.wrongSecretBody = .text
        #expect(patched == expected)
        #expect(try patched.patched(by: ["rate_limit": .null]).rateLimit == nil)
        #expect(try Settings().patched(by: try patched.json) == patched)
    }

    @Test(
        arguments: [
            (["no_such_setting": 1], .unknown("no_such_setting")),
            (["expires_in": -1], .unfit), (["latency_ms": .null], .unfit),
            (["wrong_secret_status": 200], .unfit), ([], .notAnObject),
        ] as [(JSON, Settings.PatchError)])
    func `a patch that does not fit is refused`(_ patch: JSON, _ error: Settings.PatchError) {
        #expect(throws: error) { try Settings().patched(by: patch) }
    }
}
