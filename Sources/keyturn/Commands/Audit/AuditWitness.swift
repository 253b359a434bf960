import ArgumentParser
import Audit
import Storage

/// `keyturn audit witness-request`
struct AuditWitnessRequest: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "witness-request", abstract: "What a witness is asked to cosign.",
        discussion: """
            Prints the body of a C2SP tlog-witness `add-checkpoint` request: the newest checkpoint, \
            with the proof that it only adds to what the witness saw last. A witness that answers \
            409 says what it saw: give that with --old. It reads only, and needs no root key.

              keyturn audit witness-request > request
              keyturn audit witness-request --old 1200 > request

            Carry it with curl --data-binary @request URL/add-checkpoint > answer, and give the \
            answer to add-cosignature.
            """)

    @OptionGroup var options: StateOptions
    @Option(
        name: .customLong("old"),
        help: "The size that the witness saw last. Default: what it was last cosigned at, else 0.")
    var oldSize: Int?

    mutating func validate() throws {
        guard oldSize ?? 0 >= 0 else { throw ValidationError("--old is 0 or more") }
    }

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let store = try await program.openForReading()
        let oldSize = oldSize
        let body = try await program.storing { () async throws(StorageError) in
            try await store.witnessRequest(from: oldSize)
        }
        guard let body else {
            throw Failure(
                "the trail has fewer than \(oldSize ?? 0) entries",
                hint: "a witness that saw more has seen another history: keep its answer",
                .brokenTrail)
        }
        if options.json {
            program.console.answer(["kind": .string("witness-request"), "body": .string(body)])
        } else {
            // Byte for byte: the line that ends it is the body's own.
            program.console.answer(String(body.dropLast()))
        }
        return 0
    }
}

/// `keyturn audit add-cosignature`
struct AuditAddCosignature: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "add-cosignature", abstract: "Take in what a witness answered.",
        discussion: """
            Reads the signature lines from standard input. Those of the witness must verify over a \
            checkpoint of this trail; lines of others are passed over.

              keyturn audit add-cosignature --witness VKEY < answer
            """)

    @OptionGroup var options: StateOptions
    @Option(name: .long, help: "The witness's public key, as a vkey.")
    var witness: String
    @Flag(name: .long, help: "Check the vkey and the form of the lines, and take nothing in.")
    var dryRun = false

    private static let limit = 64 << 10

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        guard let witness = WitnessKey(witness) else {
            throw Failure(
                "`\(witness)` is no vkey of an Ed25519 cosignature",
                hint: "it looks like NAME+8 hexadecimal digits+base64, and its algorithm byte is 4",
                .usage)
        }
        let text = try surroundings.readText(Self.limit)
        let lines = text.split(separator: "\n").map(String.init)
            .filter { SignedNote.Signature(line: $0)?.name == witness.name }
        guard !lines.isEmpty else {
            throw Failure(
                "there is no signature line of \(witness.name) on standard input",
                hint: "a witness that refuses says why in its answer: keep it", .failure)
        }
        guard !dryRun else {
            tell(program, lines.count, [])
            return 0
        }
        let store = try await program.open()
        try await program.unlock(store)
        let sizes = try await program.storing { () async throws(StorageError) in
            try await store.addCosignatures(lines, of: witness)
        }
        guard !sizes.isEmpty else {
            throw Failure(
                "no line of \(witness.name) verifies over a checkpoint of this trail", .failure)
        }
        tell(program, lines.count, sizes)
        return 0
    }

    private func tell(_ program: Program, _ lines: Int, _ sizes: [Int]) {
        let text =
            sizes.isEmpty
            ? "\(lines) lines would be taken in"
            : "\(witness.prefix { $0 != "+" }) has cosigned \(sizes.map(String.init).joined(separator: ", ")) entries"
        program.console.answer(
            json: options.json, text,
            [
                "kind": .string("cosignature"),
                "sizes": .array(sizes.map { .integer(Int64($0)) }),
            ])
    }
}
