import ArgumentParser
import FoundationEssentials
import Glibc
import PineconeEmulator

@main
struct Command: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pinecone-emulator",
        abstract: "A local Pinecone Admin API with faults, on 127.0.0.1 only.",
        discussion: """
            Administration API, login host (/oauth/token) and GET /indexes share one port.
            Under /_emulator/ are state, requests, settings, faults and clock.

            A seed file, in which only names are required:

              {"organizations": [{
                "name": "acme",
                "projects": [{
                  "id": "8d7e2c41-0a9b-4f36-b5d1-6e3f90a2c874", "name": "search",
                  "api_keys": [{
                    "name": "web", "value": "pcsk_a", "roles": ["ProjectEditor"]}]}],
                "service_accounts": [
                  {"name": "ops", "client_id": "ops", "client_secret": "invented",
                    "role_bindings": [
                      {"resource_type": "organization", "role": "OrgOwner"}]},
                  {"name": "deploys", "role_bindings": [
                      {"resource_type": "project", "role": "ProjectEditor",
                       "resource_id": "8d7e2c41-0a9b-4f36-b5d1-6e3f90a2c874"}]}]}],
               "settings": {"old_secret_life_ms": 5000}}

            Without one, the world is acme with the project search, its key web, the
            owners ops-a and ops-b, and the account deploys. Standard output gets one
            line of JSON: the url and the whole state, credentials included.
            """)

    @Option(help: "Port to listen on; 0 takes a free one.")
    var port: UInt16 = 0

    @Option(help: "File that gets the port, atomically, once it listens.", completion: .file())
    var portFile: String?

    @Option(help: "World to start with, as JSON.", completion: .file(extensions: ["json"]))
    var seedFile: String?

    func run() async throws {
        let seed = try readSeed()
        let end = EndSignals()
        let emulator = Emulator(world: seed.world, settings: seed.settings)
        try await emulator.start(port: port)
        defer { emulator.stop() }
        let state = emulator.withService { $0.json(at: $1) }
        let greeting: JSON = ["url": .string(emulator.url), "state": state]
        print(greeting.text)
        fflush(nil)
        if let portFile, let port = emulator.port {
            try Data("\(port)\n".utf8).write(to: URL(filePath: portFile), options: .atomic)
        }
        await end.first()
    }

    private func readSeed() throws -> Seed {
        let now = Timestamp(ms: Emulator.systemClock())
        guard let seedFile else { return try Seed(DefaultWorld.seed, at: now) }
        guard let data = try? Data(contentsOf: URL(filePath: seedFile)) else {
            throw ValidationError("\(seedFile): cannot be read")  // why does not matter here
        }
        guard let json = try? JSON(reading: Array(data)) else {
            throw ValidationError("\(seedFile): not JSON")
        }
        do {
            return try Seed(json, at: now)
        } catch let error as Seed.ReadingError {
            throw ValidationError("\(seedFile): \(error.place) is not usable")
        } catch {
            throw ValidationError("\(seedFile): settings are not usable: \(error)")
        }
    }
}
