import PineconeEmulator
import Rotations
import TestSupport
import Testing

@testable import keyturn

/// API keys and projects from the command line.
@Suite struct APIKeyTests {
    private func world() async throws -> (TestProgram, PineconeEmulator.APIKey) {
        let program = try await TestProgram()
        let key = program.emulator.addAPIKey(project: program.project, name: "reader")
        try await program.setUp("")
        return (program, key)
    }

    @Test func `projects and keys are listed, by the names of both`() async throws {
        let (program, key) = try await world()
        let projects = await program.keyturn("project", "list")
        #expect(projects.output.contains("search  \(program.project)"))
        for project in ["search", program.project] {
            let keys = await program.keyturn("api-key", "list", project)
            #expect(keys.status == 0)
            #expect(keys.output.contains(key.id))
        }
        let unknown = await program.keyturn("api-key", "list", "serch")
        #expect(unknown.status == 64)
        #expect(unknown.conversation.contains("did you mean `search`?"))
    }

    @Test func `a key is created, sealed, renamed, given roles and deleted`() async throws {
        let (program, _) = try await world()
        let created = await program.keyturn(
            "api-key", "create", "search", "writer", "--role", "DataPlaneEditor")
        #expect(created.status == 0, "\(created.conversation)")
        let key = try #require(program.emulator.liveKeys.first { $0.name == "writer" })
        #expect(key.roles == [.dataPlaneEditor])
        #expect(!(created.output + created.conversation).contains(key.value))
        #expect(
            await program.keyturn("secret", "reveal", "writer", "--reason", "r").output
                == key.value)

        try await program.require(program.keyturn("api-key", "rename", "writer", "writer-eu"))
        #expect(program.emulator.apiKey(key.id)?.name == "writer-eu")
        try await program.require(
            program.keyturn(
                "api-key", "roles", "writer", "--set", "DataPlaneViewer", "--set",
                "ControlPlaneViewer"))
        #expect(
            Set(program.emulator.apiKey(key.id)?.roles ?? [])
                == [.dataPlaneViewer, .controlPlaneViewer])
        #expect(
            await program.keyturn("api-key", "roles", "writer").output
                == "writer-eu: ControlPlaneViewer, DataPlaneViewer\n")
        try await program.require(
            program.keyturn(
                "api-key", "delete", "writer", "--reason", "r", "--confirm", "writer-eu"))
        #expect(!program.emulator.liveKeys.contains { $0.id == key.id })
        #expect(await program.isTrailIntact())
    }

    @Test func `a key whose name two projects have is asked for by its project`() async throws {
        let (program, key) = try await world()
        let other = program.emulator.addProject(name: "other")
        let twin = program.emulator.addAPIKey(project: other, name: "reader")
        let ambiguous = await program.keyturn("api-key", "roles", "reader")
        #expect(ambiguous.status == 64)
        #expect(ambiguous.conversation.contains(key.id))
        #expect(ambiguous.conversation.contains(twin.id))
        let found = await program.keyturn(
            "api-key", "roles", "reader", "--project", "other", "--json")
        #expect(found.output.contains(twin.id))
    }

    @Test func `a key that a policy rotates is not deleted`() async throws {
        let program = try await TestProgram()
        _ = try await program.dueKey()
        let outcome = await program.keyturn(
            "api-key", "delete", "search", "--reason", "r", "--confirm", "search")
        #expect(outcome.status == 1)
        #expect(outcome.conversation.contains("keyturn policy remove search"))
        #expect(program.emulator.received(.deleteAPIKey) == 0)
    }
}
