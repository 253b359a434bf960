import FaultyDisk
import Rotations
import Testing

@testable import Storage

/// A disk that fails or loses its power, under a real store: what the store says happened is what
/// happened.
@Suite struct FaultyDiskTests {
    init() { #expect(faultydisk_register() == 0) }

    /// The disk of a state, until the test ends.
    private final class Disk {
        let handle: OpaquePointer

        init(of state: TestState) throws {
            handle = try #require(faultydisk_make(state.directory.path))
        }

        deinit { faultydisk_end(handle) }

        /// Waits until whoever used it has let go of it.
        func settle() async { while faultydisk_open_files(handle) > 0 { await Task.yield() } }
    }

    /// Appends an entry; what the writer was told.
    private func append(_ state: TestState) async throws -> StorageError? {
        try await append(state.store(vfs: "faulty"))
    }

    private func append(_ store: Store) async throws -> StorageError? {
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
        let disk = try Disk(of: state)
        // The journal is gone: that is the commit. Then the directory could not be synced.
        faultydisk_fail(disk.handle, FAULTYDISK_DELETE_AFTER, 0, 1)
        #expect(try await append(state) == nil)
        #expect(faultydisk_happened(disk.handle) == 1)
        #expect(try await entryCount(state) == 2)
        #expect(try await state.findings() == [])
    }

    @Test func `a commit that was told as an error outlasts the power as well`() async throws {
        for seed: UInt64 in 1...8 {
            let state = try TestState()
            let disk = try Disk(of: state)
            faultydisk_fail(disk.handle, FAULTYDISK_DELETE_AFTER, 0, 1)
            try #require(try await append(state) == nil)
            await disk.settle()
            faultydisk_start(disk.handle, seed)
            #expect(try await entryCount(state) == 2, "seed \(seed)")
            #expect(try await state.findings() == [])
        }
    }

    @Test func `a commit that cannot be made to last is told as an error`() async throws {
        let state = try TestState()
        let disk = try Disk(of: state)
        faultydisk_fail(disk.handle, FAULTYDISK_DELETE_AFTER, 0, 2)
        #expect(try await append(state) == .inputOutput)
        #expect(faultydisk_happened(disk.handle) == 1)
        #expect(try await state.findings() == [])
    }

    @Test func `an error that was none is told as one`() async throws {
        let state = try TestState()
        let disk = try Disk(of: state)
        faultydisk_fail(disk.handle, FAULTYDISK_DELETE_BEFORE, 0, 1)
        #expect(try await append(state) == .inputOutput)
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
            let disk = try Disk(of: state)
            let store = try await state.store(vfs: "faulty")
            faultydisk_fail(disk.handle, operation, skip, 1)
            let told = try await append(store)
            let happened = faultydisk_happened(disk.handle) == 1
            faultydisk_fail(disk.handle, FAULTYDISK_NONE, 0, 1)

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

    /// How a process ends in the middle of a commit.
    enum End: CaseIterable {
        case killed, powerCut
    }

    @Test(arguments: End.allCases)
    func `whoever ends at any operation leaves the change whole or not at all`(
        _ end: End
    ) async throws {
        var operation: Int32 = 0
        var committed: Set<Int> = []
        while true {
            let state = try TestState()
            let disk = try Disk(of: state)
            #expect(try await append(state) == nil)
            await disk.settle()
            for after: Int32 in [0, 1] {
                let before = try await entryCount(state)
                faultydisk_kill_at(disk.handle, operation, after)
                let told = try await append(state)
                let hasStruck = faultydisk_is_dead(disk.handle) == 1
                await disk.settle()
                faultydisk_start(disk.handle, end == .killed ? 0 : UInt64(operation) + 1)

                let now = try await entryCount(state)
                // What was told to be written is there, whatever comes after.
                #expect(told != nil || now == before + 1)
                #expect([before, before + 1].contains(now))
                #expect(try await state.findings() == [])
                committed.insert(now - before)
                guard hasStruck else {
                    #expect(told == nil && operation > 5)
                    #expect(committed == [0, 1])
                    return
                }
            }
            operation += 1
        }
    }

    @Test func `what was committed outlives a power failure just after it`() async throws {
        let state = try TestState()
        let disk = try Disk(of: state)
        for seed in 1..<20 {
            let before = try await entryCount(state)
            let store = try await state.store(vfs: "faulty")
            #expect(try await append(store) == nil)
            faultydisk_kill(disk.handle)
            #expect(try await append(store) == .inputOutput)
            _ = consume store
            await disk.settle()
            faultydisk_start(disk.handle, UInt64(seed))
            #expect(try await entryCount(state) == before + 1)
        }
    }
}
