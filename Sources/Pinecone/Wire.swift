import FoundationEssentials
import Rotations

/// The objects of Pinecone's Admin API that hold no secret, with the fields that are used here.
/// Unknown fields are ignored.
enum Wire {
    /// `GET /admin/service-accounts/{id}`.
    struct ServiceAccount: Decodable, Sendable {
        let id: String
        let name: String
        let clientID: String
        let createdAt: String?

        enum CodingKeys: String, CodingKey {
            case id, name
            case clientID = "client_id"
            case createdAt = "created_at"
        }
    }

    /// `GET /admin/projects`.
    struct Project: Decodable, Sendable {
        let id: String
        let name: String
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
        let id: String?
        let principalID: String?
        let role: String
        let resourceType: String
        let resourceID: String?

        enum CodingKeys: String, CodingKey {
            case id, role
            case principalID = "principal_id"
            case resourceType = "resource_type"
            case resourceID = "resource_id"
        }
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

    /// `POST /admin/service-accounts`.
    struct NewServiceAccount: Encodable {
        let name: String
        let roleBindings: [[String: String]]

        enum CodingKeys: String, CodingKey {
            case name
            case roleBindings = "role_bindings"
        }
    }
}

extension Wire.RoleBinding {
    /// What it allows. The organization's own id is dropped: requests leave it out.
    var right: Right {
        Right(
            role: role, resourceType: resourceType,
            resourceID: resourceType == "organization" ? nil : resourceID)
    }
}

extension Right {
    /// The fields of a request that grants it.
    var fields: [String: String] {
        var fields = ["role": role]
        fields["resource_type"] = resourceType
        fields["resource_id"] = resourceID
        return fields
    }
}
