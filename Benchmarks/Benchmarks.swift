import Audit
import Files
import FoundationEssentials
import Linux
import OpenSSL
import PineconeEmulator
import Processes
import Rotations
import SQLite
import Secrets
import Storage

/// The budgets of DESIGN section 10, as ratios in one run: what keyturn takes against what the same
/// machine, in the same minute, takes for the work that cannot be avoided.
///
/// usage: Benchmarks KEYTURN_BINARY [--small] [quiet|due|trail]
@main
enum Benchmarks {
    static func main() async throws {
        let arguments = CommandLine.arguments
        if arguments.count == 3, arguments[1] == "open" { return try Baseline.open(arguments[2]) }
        if arguments.count == 3, arguments[1] == "verify" {
            return try Baseline.verify(arguments[2])
        }
        guard arguments.count >= 2 else {
            print("usage: Benchmarks KEYTURN_BINARY [--small] [quiet|due|trail]")
            return
        }
        let isSmall = arguments.contains("--small")
        let rows = ["quiet", "due", "trail"]
        let wanted = arguments.filter(rows.contains)
        let bench = try Bench(keyturn: arguments[1], me: "/proc/self/exe")
        for row in rows where wanted.isEmpty || wanted.contains(row) {
            switch row {
            case "quiet": try await bench.quietRun(policies: isSmall ? 500 : 10_000)
            case "due":
                for latency in [50, 0] {
                    try await bench.dueRotations(count: isSmall ? 64 : 1_000, latency: latency)
                }
            default: try await bench.longTrail(entries: isSmall ? 5_000 : 1_000_000)
            }
        }
        bench.end()
    }
}

/// The work that cannot be avoided, by the same libraries and the same linker.
enum Baseline {
    /// Opens a database and ends.
    static func open(_ path: String) throws {
        let database = try Database(path: path, access: .readOnly, busyTimeout: 1000)
        _ = try database.first("SELECT max(seq) FROM audit_entry") { $0.int(0) }
    }

    /// Reads the rows, hashes each, and verifies one Ed25519 signature for each checkpoint.
    static func verify(_ path: String) throws {
        let database = try Database(path: path, access: .readOnly, busyTimeout: 1000)
        let key = try database.first("SELECT origin, public_key FROM signing_key") {
            VerifierKey(name: $0.text(0), publicKey: $0.bytes(1))
        }
        guard let key else { return }
        var count = 0
        try database.forEach("SELECT leaf FROM audit_entry ORDER BY seq") { row in
            row.withBytes(0) { leaf in count += MerkleTree.leafHash(leaf).count }
            return true
        }
        try database.forEach("SELECT note FROM audit_checkpoint") { row in
            guard SignedNote(row.text(0))?.isSigned(by: key) == true else { return false }
            count += 1
            return true
        }
        print(count)
    }
}
