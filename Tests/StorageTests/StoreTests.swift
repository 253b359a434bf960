import Files
import Rotations
import SQLite
import Testing

@testable import Storage

/// Commits that are shared, and stores that share a state.
@Suite struct StoreTests {
    private struct Unwanted: Error {}

    private func append(_ store: Store) async throws {
        try await store.commit { $0.append(Event(.runHeartbeat)) }
    }

    @Test func `commits that come together share checkpoints`() async throws {
        let state = try TestState()
        let store = try await state.store()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<200 { group.addTask { try await append(store) } }
            try await group.waitForAll()
        }

        let found = try await store.verify()
        #expect(found.findings == [])
        #expect(found.entryCount == 201)
        #expect(found.checkpointCount < 100)
    }

    @Test func `one that fails among others is rolled back alone`() async throws {
        let state = try TestState()
        let store = try await state.store()
        let failed = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<60 {
                group.addTask {
                    do {
                        try await store.commit { transaction in
                            transaction.append(Event(.runHeartbeat) { $0.status = number })
                            if number % 3 == 0 { throw Unwanted() }
                        }
                        return false
                    } catch {
                        return true
                    }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }

        let entries = try await store.entries(EntryFilter())
        let numbers = entries.compactMap { $0.entry.members["status"]?.integer }
        #expect(failed == 20)
        #expect(numbers.count == 40)
        #expect(numbers.allSatisfy { $0 % 3 != 0 })
        #expect(try await store.verify().findings == [])
    }

    @Test func `a trail that cannot be taken up fails every writer, and none waits for ever`()
        async throws
    {
        let state = try TestState()
        try await state.fill()
        try state.raw().tamper("DELETE FROM audit_node WHERE level = 3")
        let store = try await state.store()
        let errors = await withTaskGroup(of: StorageError?.self) { group in
            for _ in 0..<5 {
                group.addTask {
                    do throws(StorageError) {
                        try await store.heartbeat()
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            return await group.reduce(into: [StorageError?]()) { $0.append($1) }
        }

        let wanted = StorageError.damaged("a node of the audit trail is gone")
        #expect(errors == Array(repeating: wanted, count: 5))
    }

    @Test func `two stores on one state write one trail`() async throws {
        let state = try TestState()
        let stores = [try await state.store(), try await state.store()]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for store in stores {
                for _ in 0..<20 { group.addTask { try await append(store) } }
            }
            try await group.waitForAll()
        }

        let found = try await stores[0].verify()
        #expect(found.findings == [])
        #expect(found.entryCount == 41)
    }

    @Test func `what two decided on the same facts is done by one of them`() async throws {
        let state = try TestState()
        let store = try await state.store()
        try await store.apply([.addConnection(TestState.connection)])
        func policy(_ name: String) throws -> Policy {
            Policy(
                name: name,
                target: Target(
                    kind: .serviceAccount, connection: "pinecone", providerID: "one", name: nil,
                    project: nil),
                schedule: try Schedule(
                    cadence: .every(.days(30), from: nil), window: nil, spread: .zero, maxAge: nil,
                    first: .due), labels: [:], terms: Terms(strategy: .inPlace))
        }
        try await store.apply([.adopt(policy("a"), rotatedAt: nil)])

        // P1: the second was decided before the first was there.
        let second = try policy("b")
        await #expect(throws: StorageError.stale) {
            try await store.apply([.adopt(second, rotatedAt: nil)])
        }
        #expect(try await store.policies().map(\.policy.name) == ["a"])
    }

    @Test func `another root key is told apart from damage`() async throws {
        let state = try TestState()
        let other = try TestState()
        let store = try await state.open()
        let key = try other.key()
        do {
            try await store.unlock(with: key)
            Issue.record("it opened")
        } catch {
            guard case .wrongKey(let expected, let found) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(expected != found)
        }
    }

    @Test func `every setting of a connection is as it is meant`() async throws {
        let state = try TestState()
        for access in [Database.Access.readWrite, .readOnly] {
            let database = try Store.connect(state.place, access, state.environment())
            try database.restrict(false)
            for (name, value) in [
                ("journal_mode", "delete"), ("synchronous", "3"), ("foreign_keys", "1"),
                ("recursive_triggers", "1"), ("secure_delete", "1"), ("cell_size_check", "1"),
                ("mmap_size", "0"), ("temp_store", "2"), ("trusted_schema", "0"),
                ("encoding", "UTF-8"), ("application_id", "1803121774"),
                ("user_version", "\(Migrations.shipped.steps.count)"),
                ("query_only", access == .readOnly ? "1" : "0"),
            ] {
                #expect(try database.pragma(name) == value, "\(name)")
            }
        }
    }

    @Test func `a connection can neither change the schema nor a setting`() async throws {
        let state = try TestState()
        let database = try Store.connect(state.place, .readWrite, state.environment())
        for sql in [
            "CREATE TABLE x(a)", "DROP TRIGGER audit_entry_no_update",
            "PRAGMA writable_schema = 1", "PRAGMA synchronous = 0", "ATTACH ':memory:' AS x",
            "ALTER TABLE admin RENAME TO x",
        ] {
            #expect(throws: SQLiteError.self) { try database.run(sql) }
        }
    }

    @Test func `the files of a state are its owner's alone`() async throws {
        let state = try TestState()
        for name in ["state/keyturn.db", "state/ballast"] {
            let file = try #require(try PlainFile.state(state.directory.file(name)))
            #expect(file.mode == 0o600)
        }
        #expect(state.directory.names == ["state", "state-anchor"])
        // Checkpoints are public: the group may read them, and only we write.
        let anchor = try #require(try PlainFile.state(state.place.anchor))
        #expect(anchor.mode == 0o640)
    }
}
