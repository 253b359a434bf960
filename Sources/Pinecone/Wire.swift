import FoundationEssentials

/// The objects of Pinecone's Admin API that hold no secret, with the fields that are used here.
/// Unknown fields are ignored.
enum Wire {
    /// `GET /admin/service-accounts/{id}`.
    struct ServiceAccount: Decodable, Sendable {
        let id: String
        let name: String
        let clientID: String

        enum CodingKeys: String, CodingKey {
            case id, name
            case clientID = "client_id"
        }
    }

    /// `GET /admin/api-keys/{id}`. The name may be null.
    struct APIKey: Decodable, Sendable {
        let id: String
        let name: String?
        let projectID: String
        let roles: [String]?

        enum CodingKeys: String, CodingKey {
            case id, name, roles
            case projectID = "project_id"
        }
    }

    /// `GET /admin/role-bindings`.
    struct RoleBinding: Decodable, Sendable {
        let role: String
    }

    /// A page of a list. On the last page `pagination` is null or missing.
    struct Page<Item: Decodable & Sendable>: Decodable, Sendable {
        let data: [Item]
        let pagination: Pagination?

        struct Pagination: Decodable, Sendable {
            let next: String?
        }
    }

    /// The body of an error. Its message may repeat what was sent, so it is not read.
    struct Failure: Decodable, Sendable {
        let error: Detail

        struct Detail: Decodable, Sendable {
            let code: String
        }
    }

    /// `POST /admin/projects/{id}/api-keys`.
    struct NewAPIKey: Encodable {
        let name: String
        let roles: [String]?
    }
}
