import Testing

@testable import PineconeEmulator

struct APIKeysTests {
    private func keys(_ desk: Desk) -> String {
        "/admin/projects/\(desk.project.id)/api-keys"
    }

    @Test func `create answers the value after the key, which has no times`() {
        let desk = Desk()
        let answer = desk.ask("POST", keys(desk), ["name": "search"])
        #expect(answer.text.hasPrefix(#"{"key":{"id":""#))
        #expect(answer.json["key"]?["roles"] == ["ProjectEditor"])
        #expect(answer.json["key"]?["project_id"] == .string(desk.project.id))
        #expect(answer.json["key"]?["created_at"] == nil)
    }

    @Test func `change replaces the roles that are given and leaves out the others`() throws {
        let desk = Desk()
        let created = desk.ask(
            "POST", keys(desk), ["name": "a", "roles": ["ProjectViewer", "DataPlaneEditor"]])
        let id = try #require(created.json["key"]?["id"]?.string)
        let renamed = desk.ask("PATCH", "/admin/api-keys/\(id)", ["name": "b"])
        #expect(renamed.json["roles"] == ["ProjectViewer", "DataPlaneEditor"])
        let changed = desk.ask("PATCH", "/admin/api-keys/\(id)", ["roles": ["DataPlaneViewer"]])
        #expect(changed.json["roles"] == ["DataPlaneViewer"])
        #expect(changed.json["name"] == "b")
    }

    @Test(arguments: [["OrgOwner"], ["ProjectOwner"], ["Nothing"], [], [1]] as [JSON])
    func `roles are those of API keys`(_ roles: JSON) {
        let desk = Desk()
        let answer = desk.ask("POST", keys(desk), ["name": "a", "roles": roles])
        #expect(answer.status == 400)
    }

    @Test func `delete answers 202, and then it is gone from list and fetch`() throws {
        let desk = Desk()
        let key = desk.service.world.addAPIKey(projectID: desk.project.id, name: "a")
        #expect(desk.accepts(apiKey: key.value))
        let deleted = desk.ask("DELETE", "/admin/api-keys/\(key.id)")
        #expect(deleted.status == 202)
        #expect(deleted.body.isEmpty)
        #expect(desk.ask("GET", keys(desk)).json["data"] == [])
        #expect(desk.ask("GET", "/admin/api-keys/\(key.id)").status == 404)
        #expect(!desk.accepts(apiKey: key.value))
    }

    @Test func `deleting a project deletes its keys`() {
        let desk = Desk()
        let key = desk.service.world.addAPIKey(projectID: desk.project.id, name: "a")
        #expect(desk.ask("DELETE", "/admin/projects/\(desk.project.id)").status == 202)
        #expect(!desk.accepts(apiKey: key.value))
        #expect(desk.ask("GET", "/admin/api-keys/\(key.id)").status == 404)
    }

    @Test(arguments: Role.allCases)
    func `creating and deleting takes an owner`(_ role: Role) {
        let desk = Desk()
        let key = desk.service.world.addAPIKey(projectID: desk.project.id, name: "a")
        let scope: Grant =
            role.isForOrganization
            ? .organization(role) : .project(desk.project.id, role)
        let token = desk.token(desk.add(grants: [scope]))
        let mayDo = role == .orgOwner || role == .projectOwner
        let created = desk.ask("POST", keys(desk), ["name": "b"], token: token)
        #expect(created.status == (mayDo ? 200 : 403))
        let deleted = desk.ask("DELETE", "/admin/api-keys/\(key.id)", token: token)
        #expect(deleted.status == (mayDo ? 202 : 403))
        #expect(desk.accepts(apiKey: key.value) == !mayDo)
    }

    @Test func `an owner of another project does not see it`() {
        let desk = Desk()
        let other = desk.service.world.addProject(
            organizationID: desk.organization.id, name: "other", at: Timestamp(ms: 0))
        let token = desk.token(desk.add(grants: [.project(other.id, .projectOwner)]))
        #expect(desk.ask("GET", keys(desk), token: token).status == 404)
        #expect(desk.ask("POST", keys(desk), ["name": "a"], token: token).status == 404)
        let shown = desk.ask("GET", "/admin/projects", token: token).json["data"]?.elements
        #expect(shown?.count == 1)
    }

    @Test func `a key proves itself, a narrow one by 403, a dead one not`() {
        let desk = Desk()
        let wide = desk.service.world.addAPIKey(projectID: desk.project.id, name: "a")
        let narrow = desk.service.world.addAPIKey(
            projectID: desk.project.id, name: "b", roles: [.dataPlaneViewer])
        func prove(_ value: String?) -> Response {
            desk.deliver("GET", "/indexes", headers: value.map { ["api-key": $0] } ?? [:]).response
        }
        #expect(prove(wide.value).text == #"{"indexes":[]}"#)
        #expect(prove(narrow.value).status == 403)
        #expect(prove("pcsk_unknown").status == 401)
        #expect(prove(nil).text == "Invalid API key")
    }
}
