import Testing

@testable import PineconeEmulator

struct RoleBindingsTests {
    private let path = "/admin/role-bindings"

    private func body(_ account: ServiceAccount, _ desk: Desk, _ role: String) -> JSON {
        [
            "principal_type": "service_account", "principal_id": .string(account.id),
            "resource_type": "project", "resource_id": .string(desk.project.id),
            "role": .string(role),
        ]
    }

    @Test func `created with 200, fetched, refused twice, deleted with 202`() throws {
        let desk = Desk()
        let account = desk.add()
        let created = desk.ask("POST", path, body(account, desk, "ProjectEditor"))
        #expect(created.status == 200)
        let id = try #require(created.json["id"]?.string)
        #expect(desk.ask("GET", "\(path)/\(id)").json == created.json)
        let again = desk.ask("POST", path, body(account, desk, "ProjectEditor"))
        #expect(again.status == 409)
        #expect(again.code == "ALREADY_EXISTS")
        #expect(desk.ask("DELETE", "\(path)/\(id)").status == 202)
        #expect(desk.ask("GET", "\(path)/\(id)").status == 404)
        #expect(desk.ask("DELETE", "\(path)/\(id)").status == 404)
    }

    @Test func `of 2026-04 a deleted one may linger and be deleted again`() throws {
        let desk = Desk()
        desk.service.settings.deletedVisibleMs = 5000
        let created = desk.ask("POST", path, body(desk.add(), desk, "ProjectEditor"))
        let id = try #require(created.json["id"]?.string)
        let one = "\(path)/\(id)"
        #expect(desk.ask("DELETE", one, version: "2026-04").status == 202)
        #expect(desk.ask("GET", one, version: "2026-04").status == 200)
        #expect(desk.ask("DELETE", one, version: "2026-04").status == 202)
        desk.nowMs += 5000
        #expect(desk.ask("DELETE", one, version: "2026-04").status == 404)
    }

    @Test func `the last owner cannot be taken away`() throws {
        let desk = Desk()
        let own = try #require(desk.service.world.bindings(of: desk.owner.id).first)
        let refused = desk.ask("DELETE", "\(path)/\(own.id)")
        #expect(refused.status == 409)
        #expect(refused.code == "ABORTED")
        _ = desk.add("second", grants: [.organization(.orgOwner)])
        #expect(desk.ask("DELETE", "\(path)/\(own.id)").status == 202)
    }

    @Test func `filters are joined by and`() {
        let desk = Desk()
        let account = desk.add(grants: [
            .project(desk.project.id, .projectEditor), .organization(.orgMember),
        ])
        func roles(_ query: String) -> Set<String> {
            let data = desk.ask("GET", "\(path)?\(query)").json["data"]?.elements ?? []
            return Set(data.compactMap { $0["role"]?.string })
        }
        let principal = "principal_type=service_account&principal_id=\(account.id)"
        #expect(roles(principal) == ["ProjectEditor", "OrgMember"])
        #expect(roles("\(principal)&resource_type=organization") == ["OrgMember"])
        #expect(roles("\(principal)&role=ProjectEditor") == ["ProjectEditor"])
        #expect(roles("role=OrgOwner") == ["OrgOwner"])
        let scope = "resource_type=project&resource_id=\(desk.project.id)"
        #expect(roles(scope) == ["ProjectEditor"])
        #expect(desk.ask("GET", "\(path)?principal_id=\(account.id)").status == 400)
    }

    @Test func `an organization binding shows the organization's id`() {
        let desk = Desk()
        let account = desk.add(grants: [.organization(.orgMember)])
        let query = "principal_type=service_account&principal_id=\(account.id)"
        let data = desk.ask("GET", "\(path)?\(query)").json["data"]?.elements ?? []
        #expect(data.first?["resource_id"] == .string(desk.organization.id))
    }

    @Test func `one may not grant what one lacks`() {
        let desk = Desk()
        let other = desk.service.world.addProject(
            organizationID: desk.organization.id, name: "other", at: Timestamp(ms: 0))
        let target = desk.add()
        let token = desk.token(desk.add(grants: [.project(other.id, .projectOwner)]))
        let refused = desk.ask(
            "POST", path, body(target, desk, "ProjectEditor"), token: token)
        #expect(refused.status == 403)
        let allowed = desk.ask(
            "POST", path,
            [
                "principal_type": "service_account", "principal_id": .string(target.id),
                "resource_type": "project", "resource_id": .string(other.id),
                "role": "ProjectViewer",
            ], token: token)
        #expect(allowed.status == 200)
    }

    @Test func `a role fits its scope, and principal and project exist`() {
        let desk = Desk()
        let account = desk.add()
        #expect(desk.ask("POST", path, body(account, desk, "OrgOwner")).status == 400)
        #expect(desk.ask("POST", path, body(account, desk, "Nothing")).status == 400)
        let absent: JSON = [
            "principal_type": "service_account",
            "principal_id": "99999999-9999-4999-8999-999999999999",
            "resource_type": "organization", "role": "OrgMember",
        ]
        #expect(desk.ask("POST", path, absent).status == 404)
    }

    @Test func `a new account takes up to 100 bindings`() {
        let desk = Desk()
        let item: JSON = [
            "resource_type": "project", "resource_id": .string(desk.project.id),
            "role": "ProjectEditor",
        ]
        func create(_ count: Int) -> Response {
            let items = JSON.array(Array(repeating: item, count: count))
            return desk.ask(
                "POST", "/admin/service-accounts", ["name": "a", "role_bindings": items])
        }
        #expect(create(100).status == 201)
        #expect(create(101).status == 400)
    }
}
