import FoundationEssentials
import Glibc
import Testing

/// The program in a world that goes wrong everywhere, by the dice.
///
/// `KEYTURN_SEEDS=n` tells n stories, `KEYTURN_SEED=s` begins with that seed; with a seed alone its
/// story is told and printed.
@Suite struct SimulationTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let first = environment["KEYTURN_SEED"].flatMap { UInt64($0) }
    private static let count =
        environment["KEYTURN_SEEDS"].flatMap { UInt64($0) } ?? (first == nil ? 2_000 : 1)

    @Test func `every story ends well`() async throws {
        let templates = try await Template.all()
        let start = Self.first ?? 1
        let endings = try await Self.tell(start..<(start + Self.count), templates)
        for ending in endings where !ending.findings.isEmpty { Self.report(ending) }
        if Self.count == 1 { print(endings.flatMap(\.log).joined(separator: "\n")) }
        guard Self.count >= 1_000 else { return }
        // So many have died at every moment in which a process can.
        let deaths = endings.reduce(into: Set()) { $0.formUnion($1.deaths) }
        #expect(Set(Moment.allCases).subtracting(deaths) == [])
    }

    @Test func `one seed tells one story`() async throws {
        let templates = try await Template.all()
        for seed: UInt64 in 1...5 {
            let first = try await Story.tell(seed, templates)
            let second = try await Story.tell(seed, templates)
            #expect(first.log == second.log)
        }
    }

    /// Tells the stories of these seeds, some at a time, until three have ended badly.
    private static func tell(
        _ seeds: Range<UInt64>, _ templates: [Template]
    ) async throws -> [Story.Ending] {
        var rest = seeds[...]
        var endings: [Story.Ending] = []
        try await withThrowingTaskGroup(of: Story.Ending.self) { group in
            // A story waits for its threads more often than they for a core.
            for _ in 0..<(2 * ProcessInfo.processInfo.activeProcessorCount) {
                guard let seed = rest.popFirst() else { break }
                group.addTask { try await Story.tell(seed, templates) }
            }
            while let ending = try await group.next() {
                endings.append(ending.findings.isEmpty && seeds.count > 1 ? ending.brief : ending)
                // Many take long, and whoever waits wants to know how far it is.
                if seeds.count > 2_000, endings.count.isMultiple(of: seeds.count / 20) {
                    print("\(endings.count) of \(seeds.count) stories")
                    fflush(nil)
                }
                guard endings.count(where: { !$0.findings.isEmpty }) < 3 else { continue }
                if let seed = rest.popFirst() {
                    group.addTask { try await Story.tell(seed, templates) }
                }
            }
        }
        return endings
    }

    private static func report(_ ending: Story.Ending) {
        Issue.record(
            """
            seed \(ending.seed): \(ending.findings.joined(separator: "; "))
            tell it again with KEYTURN_SEED=\(ending.seed) swift test --filter SimulationTests
            \(ending.log.suffix(40).joined(separator: "\n"))
            """)
    }
}
