import Testing

@testable import PineconeEmulator

struct SeedTests {
    private let seed: JSON = [
        "organizations": [
            [
                "id": "6a1f0d34-9c52-4b7e-8f21-0d5e3c7b9a10", "name": "acme",
                "projects": [
                    [
                        "id": "8d7e2c41-0a9b-4f36-b5d1-6e3f90a2c874", "name": "search",
                        "api_keys": [["name": "web", "value": "pcsk_a"]],
                    ]
                ],
                "service_accounts": [
                    [
                        "name": "ops", "client_id": "ops", "client_secret": "invented",
                        "role_bindings": [
                            ["resource_type": "organization", "role": "OrgOwner"]
                        ],
                    ]
                ],
            ]
        ],
        "settings": ["old_secret_life_ms": 5000],
    ]

    @Test func `a seed makes the world and the settings it describes`() throws {
        let read = try Seed(seed, at: Timestamp(ms: 0))
        #expect(read.settings.oldSecretLifeMs == 5000)
        let emulator = Emulator(world: read.world, settings: read.settings)
        #expect(emulator.organizationID == "6a1f0d34-9c52-4b7e-8f21-0d5e3c7b9a10")
        #expect(emulator.accepts(clientID: "ops", clientSecret: "invented"))
        #expect(emulator.accepts(apiKey: "pcsk_a"))
        let ops = try #require(emulator.liveAccounts.first)
        #expect(emulator.grants(of: ops.id) == [.organization(.orgOwner)])
    }

    @Test func `the state is a seed of the same world`() throws {
        let first = try Seed(seed, at: Timestamp(ms: 0)).world
        let again = try Seed(["organizations": first.json], at: Timestamp(ms: 0)).world
        #expect(again.json == first.json)
    }

    @Test(
        arguments: [
            (
                [
                    "organizations": [
                        [
                            "name": "a",
                            "service_accounts": [
                                ["name": "a", "client_id": "same"],
                                ["name": "b", "client_id": "same"],
                            ],
                        ]
                    ]
                ], "organizations[0].service_accounts[1].client_id"
            ),
            (["organizations": [[:]]], "organizations[0].name"),
            (
                ["organizations": [["name": "a", "service_accounts": [[:]]]]],
                "organizations[0].service_accounts[0].name"
            ),
            (
                [
                    "organizations": [
                        [
                            "name": "a",
                            "projects": [
                                ["name": "p", "api_keys": [["name": "k", "roles": ["OrgOwner"]]]]
                            ],
                        ]
                    ]
                ], "organizations[0].projects[0].api_keys[0].roles"
            ),
        ] as [(JSON, String)])
    func `a seed that is wrong says where`(_ json: JSON, _ place: String) {
        #expect(throws: Seed.ReadingError(place: place)) {
            try Seed(json, at: Timestamp(ms: 0))
        }
    }
}
