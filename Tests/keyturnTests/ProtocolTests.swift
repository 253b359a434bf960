import FoundationEssentials
import Rotations
import Testing

@testable import keyturn

/// `Sources/Rotations/PROTOCOL.md` says what the code does.
@Suite struct ProtocolTests {
    private let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: root.appending(path: path)), as: UTF8.self)
    }

    /// The rows of the tables of the document whose first head is this word, in order.
    private func tables(headed word: String) throws -> [[[String]]] {
        var tables: [[[String]]] = []
        var isInside = false
        for line in try text("Sources/Rotations/PROTOCOL.md").split(
            separator: "\n", omittingEmptySubsequences: false)
        {
            guard line.hasPrefix("|") else {
                isInside = false
                continue
            }
            let cells = line.split(separator: "|", omittingEmptySubsequences: false).dropFirst()
                .dropLast().map {
                    String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
                }
            if cells[0] == word {
                isInside = true
                tables.append([])
            } else if isInside, cells[0] != "---" {
                tables[tables.count - 1].append(cells)
            }
        }
        return tables
    }

    @Test func `its steps are those of the code, in both strategies`() throws {
        let rows = try #require(try tables(headed: "step").first)
        #expect(rows.map { $0[0] } == Step.allCases.map(\.rawValue))
        for row in rows {
            let step = try #require(Step(rawValue: row[0]))
            for (cell, strategy) in [(row[1], Strategy.inPlace), (row[2], .overlap)] {
                // Retiring in place is what the provider has done.
                #expect(cell == step.next(in: strategy)?.rawValue ?? "(done)", "\(step)")
            }
            #expect((row[3] == "yes") == Self.parked(at: step).canGoOn, "\(step)")
        }
    }

    private static func parked(at step: Step) -> Rotation {
        let zero = Timestamp(milliseconds: 0)
        let id = Identifier(at: zero, random: [UInt8](repeating: 0, count: 10))
        return Rotation(
            id: id, secret: SecretReference(id: id, name: "x"),
            target: Target(
                kind: .apiKey, connection: "x", providerID: "x", name: nil, project: nil),
            trigger: .schedule, reason: nil, ticket: nil, terms: Terms(strategy: .overlap),
            startedAt: zero, step: step, state: .parked)
    }

    @Test func `its states are those of the code`() throws {
        let rows = try #require(try tables(headed: "of").first)
        let states = Dictionary(uniqueKeysWithValues: rows.map { ($0[0], $0[1]) })
        func words<T: CaseIterable & RawRepresentable>(_ type: T.Type) -> String
        where T.RawValue == String { T.allCases.map(\.rawValue).joined(separator: ", ") }
        #expect(
            states == [
                "rotation": words(Rotation.State.self), "version": words(Version.State.self),
                "effect": words(Effect.State.self), "delivery": words(Delivery.State.self),
                "outcome": words(OutcomeWord.self), "verdict": words(Verdict.self),
            ])
    }

    @Test func `its writes are those that the straight paths make`() throws {
        let tables = try tables(headed: "write")
        #expect(
            tables.map { $0.map { $0[0] } } == [
                StopAnywhereTests.inPlace, StopAnywhereTests.overlap, StopAnywhereTests.granting,
            ])
    }

    @Test func `each rule stands in it once, and in the code or its schema`() throws {
        let document = try text("Sources/Rotations/PROTOCOL.md")
        var sources = ""
        for folder in ["Sources", "migrations"] {
            let path = root.appending(path: folder).path
            for name in try FileManager.default.subpathsOfDirectory(atPath: path)
            where name.hasSuffix(".swift") || name.hasSuffix(".sql") {
                sources += try text("\(folder)/\(name)")
            }
        }
        for rule in 1...35 {
            let heads = document.split(separator: "- **P\(rule)** ").count - 1
            #expect(heads == 1, "P\(rule)")
            let citation = try Regex("P\(rule)(?![0-9])")
            #expect(sources.firstMatch(of: citation) != nil, "P\(rule) is cited nowhere")
        }
    }
}
