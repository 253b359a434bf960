import Audit
import Files
import OpenSSL
import Rotations
import SQLite
import Secrets
import TestSupport
import Vault

@testable import Storage

extension TestState {
    /// A state as the program left it that knew only the first `version` steps of the schema: no
    /// anchor, no machine, one key an epoch.
    convenience init(schema version: Int) throws {
        try self.init()
        let earlier = Migrations(steps: Array(Migrations.shipped.steps[..<version]))
        try directory.remove("state/keyturn.db")
        try directory.remove("state-anchor/checkpoints")
        _ = try Directory.removeEmpty(place.anchorDirectory)
        try PlainFile.createEmpty(place.database)
        let database = try Database(path: place.database, access: .readWrite, busyTimeout: 1000)
        try database.run("BEGIN IMMEDIATE")
        try earlier.apply(to: database, from: 0)
        let now = Timestamp(milliseconds: 1_700_000_000_000)
        let key = try key()
        let vault = try Vault(
            id: Identifier(at: now, random: try Random.bytes(10)).text, rootKey: key)
        try database.run(
            "INSERT INTO installation(only, vault_id, created_at_ms) VALUES (1, ?, 0)",
            [.text(vault.id)])
        try database.run(
            "INSERT INTO root_key(id, source, created_at_ms) VALUES (?, 'file:/root.key', 0)",
            [.text(vault.keyID)])
        let origin = "host/keyturn/\(vault.id.lowercased())/e1"
        let seed = try SecretBytes.random(Ed25519.seedByteCount)
        let signer = try NoteSigner(name: origin, seed: seed.bytes)
        let record = try vault.seal(
            seed, for: Place(purpose: .signingKey, owner: origin, number: 0, createdAt: now))
        let sealedID = try Store.insert(record, into: database)
        let hasNumbers = version >= Migrations.firstWithAnchors
        if hasNumbers { try AnchorFile.make(place.anchor) }
        try database.run(
            """
            INSERT INTO signing_key(
              epoch, \(hasNumbers ? "number, " : "")origin, public_key, sealed_id, created_at_ms)
            VALUES (1, \(hasNumbers ? "0, " : "")?, ?, ?, 0)
            """, [.text(origin), .blob(signer.verifier.publicKey), .integer(sealedID)])
        var trail = try Trail(database, signer: signer, context: environment().context)
        try trail.append(
            Event(.stateCreated) {
                $0.schemaVersion = version
                $0.record = record.hash
            }, at: now, to: database)
        try trail.sign(in: database)
        try database.run("COMMIT")
    }
}
