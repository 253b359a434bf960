import PineconeEmulator

/// The world of an emulator that is given none.
enum DefaultWorld {
    static let seed: JSON = [
        "organizations": [
            [
                "name": "acme",
                "projects": [
                    ["id": .string(project), "name": "search", "api_keys": [["name": "web"]]]
                ],
                "service_accounts": [
                    ["name": "ops-a", "role_bindings": owner],
                    ["name": "ops-b", "role_bindings": owner],
                    [
                        "name": "deploys",
                        "role_bindings": [
                            [
                                "resource_type": "project", "resource_id": .string(project),
                                "role": "ProjectEditor",
                            ]
                        ],
                    ],
                ],
            ]
        ]
    ]

    private static let project = "8d7e2c41-0a9b-4f36-b5d1-6e3f90a2c874"
    private static let owner: JSON = [["resource_type": "organization", "role": "OrgOwner"]]
}
