import OpenSSL
import Rotations
import Testing
import Vault
import VectorFiles

struct SealedRecordTests {
    @Test func `a record is read back as it was written`() throws {
        let vault = try makeVault()
        for purpose in Place.Purpose.allCases {
            for (owner, number, time) in [
                ("", 0, Timestamp(milliseconds: 0)), ("räder\u{0}🔑", .max, .latest),
                ("x", .min, .earliest),
            ] {
                let place = Place(
                    purpose: purpose, owner: owner, number: number, createdAt: time)
                let record = try vault.sealed("value", for: place)
                let read = try #require(SealedRecord(encoded: record.encoded))
                #expect(read == record)
                #expect(read.hash == record.hash)
                #expect(try vault.opened(read) == Array("value".utf8))
            }
        }
    }

    @Test(arguments: [here.createdAt, .latest, .earliest])
    func `any flipped bit of the bytes is refused, does not open, or names another key`(
        _ time: Timestamp
    ) throws {
        let vault = try makeVault()
        let there = Place(
            purpose: here.purpose, owner: here.owner, number: here.number, createdAt: time)
        let record = try vault.sealed("value", for: there)
        let encoded = record.encoded
        var refused = 0
        for index in encoded.indices {
            for bit in 0..<8 {
                var changed = encoded
                changed[index] ^= 1 << bit
                guard let read = SealedRecord(encoded: changed) else {
                    refused += 1
                    continue
                }
                #expect(read.encoded == changed, "byte \(index)")
                #expect(read.hash != record.hash, "byte \(index)")
                #expect(throws: VaultError.self, "byte \(index)") { try vault.opened(read) }
            }
        }
        #expect(refused > 0)
    }

    @Test func `bytes that are cut, longer or something else are refused`() throws {
        let encoded = try makeVault().sealed("value").encoded
        for count in 0..<encoded.count {
            #expect(SealedRecord(encoded: Array(encoded.prefix(count))) == nil)
        }
        #expect(SealedRecord(encoded: encoded) != nil)
        #expect(SealedRecord(encoded: encoded + [0]) == nil)
        #expect(SealedRecord(encoded: [0] + encoded) == nil)
        #expect(SealedRecord(encoded: [UInt8](repeating: 0xff, count: 400)) == nil)
    }

    @Test func `it begins as FORMAT says`() throws {
        let encoded = try makeVault().sealed("value").encoded
        let beginning = try Hex(
            "0000000e" + "6b65797475726e2d7265636f7264" + "00000004" + "00000001"
                + "00000005" + "76616c7565"
        ).bytes
        #expect(Array(encoded.prefix(beginning.count)) == beginning)
        // 13 fields, each after four bytes of length.
        let lengths = [14, 4, 5, 26, 8, 8, 16, 32, 32, 12, 48, 12, 21]
        #expect(encoded.count == lengths.reduce(0) { $0 + 4 + $1 })
    }

    @Test func `the records that are published with the format open`() throws {
        let file: RecordFile = try VectorFile.json("vault/records.json")
        #expect(file.records.count == 5)
        for example in file.records {
            let key = try rootKey(digits: example.rootKey)
            let vault = try Vault(id: example.vaultID, rootKey: key)
            let record = try #require(SealedRecord(encoded: example.encoded.bytes))
            #expect(record.encoded == example.encoded.bytes)
            #expect(record.hash == example.sha256.bytes)
            #expect(record.keyID == example.keyID)
            #expect(vault.keyID == example.keyID)
            #expect(record.place.purpose.rawValue == example.purpose)
            #expect(record.place.owner == example.owner)
            #expect(record.place.number == example.number)
            #expect(record.place.createdAt.rfc3339 == example.createdAt)
            #expect(try vault.opened(record) == example.value.bytes)
            #expect(try vault.fingerprint(example.value.bytes.span) == example.fingerprint.bytes)
        }
    }
}

private func rootKey(digits: String) throws -> RootKey {
    let text = try secret(digits)
    return try RootKey(reading: text)
}

private struct RecordFile: Decodable {
    let records: [Example]

    struct Example: Decodable {
        let rootKey: String
        let vaultID: String
        let keyID: String
        let purpose: String
        let owner: String
        let number: Int
        let createdAt: String
        let value: Hex
        let fingerprint: Hex
        let encoded: Hex
        let sha256: Hex

        private enum CodingKeys: String, CodingKey {
            case purpose, owner, number, value, fingerprint, encoded, sha256
            case rootKey = "root_key"
            case vaultID = "vault_id"
            case keyID = "key_id"
            case createdAt = "created_at"
        }
    }
}
