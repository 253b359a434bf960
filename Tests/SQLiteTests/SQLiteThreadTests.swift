import Glibc
import SQLite
import Testing

struct SQLiteThreadTests {
    @Test func `all that an actor does runs on its one thread`() async {
        let owner = Owner()
        let threads = await withTaskGroup(of: UInt.self, returning: Set<UInt>.self) { group in
            for number in 0..<200 { group.addTask { await owner.note(number) } }
            return await group.reduce(into: []) { $0.insert($1) }
        }
        #expect(threads.count == 1)
        #expect(await owner.numbers.sorted() == Array(0..<200))
        // Two owners have two threads.
        #expect(await !threads.contains(Owner().note(0)))
    }

    @Test func `an owner may go with the last thing that it does`() async {
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<500 {
                        let owner = Owner()
                        _ = await owner.note(0)
                        // What nobody waits for is the last to hold the owner.
                        Task { await owner.note(1) }
                    }
                }
            }
        }
    }
}

private actor Owner {
    private nonisolated let thread = SQLiteThread()
    private(set) var numbers: [Int] = []

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    func note(_ number: Int) -> UInt {
        numbers.append(number)
        return UInt(pthread_self())
    }

    deinit { thread.end() }
}
