import FoundationEssentials
import Testing

/// Stories of many seeds. `KEYTURN_SEEDS=n` tells n of them, `KEYTURN_SEED=s` begins at s; with a
/// seed and no number that one story is told, and printed.
@Suite struct SimulationTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let first = environment["KEYTURN_SEED"].flatMap { UInt64($0) }
    private static let count =
        environment["KEYTURN_SEEDS"].flatMap { UInt64($0) } ?? (first == nil ? 400 : 1)

    @Test func `every story ends well`() async throws {
        let templates = try await Template.all()
        let start = Self.first ?? 1
        let workers = UInt64(2 * ProcessInfo.processInfo.activeProcessorCount)
        try await withThrowingTaskGroup(of: [Story.Ending].self) { group in
            for worker in 0..<workers {
                group.addTask {
                    var failed: [Story.Ending] = []
                    for seed in stride(
                        from: start + worker, to: start + Self.count, by: Int(workers))
                    {
                        let ending = try await Story.tell(seed, templates)
                        if Self.count == 1 { print(ending.log.joined(separator: "\n")) }
                        if !ending.findings.isEmpty { failed.append(ending) }
                        if failed.count >= 3 { break }
                    }
                    return failed
                }
            }
            for try await failed in group {
                for ending in failed { Self.report(ending) }
            }
        }
    }

    private static func report(_ ending: Story.Ending) {
        Issue.record(
            """
            seed \(ending.seed): \(ending.findings.joined(separator: "; "))
            tell it again with KEYTURN_SEED=\(ending.seed)
            \(ending.log.suffix(40).joined(separator: "\n"))
            """)
    }
}
