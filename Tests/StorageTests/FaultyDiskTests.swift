import FaultyDisk
import Rotations
import Testing

@testable import Storage

/// A disk that fails once, under a real store: what the store says happened is what happened.
@Suite(.serialized) struct FaultyDiskTests {
    init() { #expect(faultydisk_register() == 0) }

    /// Appends an entry while the disk fails; what the writer was told.
    private func append(
        _ state: TestState, _ operation: faultydisk_operation, after skip: Int32
    ) async throws -> StorageError? {
        let store = try await state.store(vfs: "faulty")
        faultydisk_fail(operation, skip)
        defer { faultydisk_fail(FAULTYDISK_NONE, 0) }
        do throws(StorageError) {
            try await store.heartbeat()
            return nil
        } catch {
            return error
        }
    }

    private func entryCount(_ state: TestState) async throws -> Int {
        try await state.open(.readOnly).entryCount()
    }

    @Test func `a commit that was told as an error is found to be one`() async throws {
        let state = try TestState()
        // The journal is gone: that is the commit. Then the directory could not be synced.
        let error = try await append(state, FAULTYDISK_DELETE_AFTER, after: 0)
        #expect(error == nil)
        #expect(try await entryCount(state) == 2)
        #expect(try await state.findings() == [])
    }

    @Test func `an error that was none is told as one`() async throws {
        let state = try TestState()
        let error = try await append(state, FAULTYDISK_DELETE_BEFORE, after: 0)
        #expect(error == .inputOutput)
        #expect(try await entryCount(state) == 1)
        #expect(try await state.findings() == [])
    }

    @Test(arguments: [FAULTYDISK_WRITE, FAULTYDISK_FULL, FAULTYDISK_SYNC])
    func `whichever operation fails, the writer is told the truth`(
        _ operation: faultydisk_operation
    ) async throws {
        var skip: Int32 = 0
        while true {
            let state = try TestState()
            let store = try await state.store(vfs: "faulty")
            faultydisk_fail(operation, skip)
            var told: StorageError?
            do throws(StorageError) { try await store.heartbeat() } catch { told = error }
            let happened = faultydisk_happened() == 1
            faultydisk_fail(FAULTYDISK_NONE, 0)

            let count = try await entryCount(state)
            #expect(
                count == (told == nil ? 2 : 1), "\(operation) \(skip) \(String(describing: told))")
            #expect(try await state.findings() == [])
            // The next change is none the worse for it.
            try await store.heartbeat()
            #expect(try await entryCount(state) == count + 1)
            guard happened else { break }
            #expect(told == (operation == FAULTYDISK_FULL ? .noRoom : .inputOutput) || told == nil)
            skip += 1
        }
        #expect(skip > 2)
    }
}
