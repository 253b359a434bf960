import OpenSSL
import Rotations
import Secrets
import Testing
import Vault
import VectorFiles

struct VaultTests {
    @Test(arguments: ["", "x", "pcsk_0123456789", String(repeating: "long", count: 20_000)])
    func `a sealed value opens and is nowhere in its record`(_ text: String) throws {
        let vault = try makeVault()
        let record = try vault.sealed(text)
        #expect(record.place == here)
        #expect(record.keyID == vault.keyID)
        #expect(try vault.opened(record) == Array(text.utf8))
        #expect(record.ciphertext.count == text.utf8.count + 16)
        // Another process with the same root key opens it too.
        #expect(try makeVault().opened(record) == Array(text.utf8))
    }

    @Test func `two sealings of one value share nothing`() throws {
        let vault = try makeVault()
        let one = try vault.sealed("value")
        let other = try vault.sealed("value")
        #expect(one.salt != other.salt)
        #expect(one.commitment != other.commitment)
        #expect(one.wrapNonce != other.wrapNonce)
        #expect(one.wrappedKey != other.wrappedKey)
        #expect(one.nonce != other.nonce)
        #expect(one.ciphertext != other.ciphertext)
        #expect(one.hash != other.hash)
    }

    @Test func `a record that was moved does not open`() throws {
        let vault = try makeVault()
        let record = try vault.sealed("value")
        var elsewhere: [Place] = []
        for purpose in Place.Purpose.allCases where purpose != here.purpose {
            elsewhere.append(here.with(purpose: purpose))
        }
        for owner in ["", "01J00000000000000000000SED", here.owner + "0"] {
            elsewhere.append(here.with(owner: owner))
        }
        for number in [0, 6, 8, -7, .max] { elsewhere.append(here.with(number: number)) }
        for milliseconds in [-1, 1] as [Int64] {
            elsewhere.append(
                here.with(
                    createdAt: Timestamp(
                        milliseconds: here.createdAt.milliseconds + milliseconds)))
        }
        #expect(elsewhere.count == 12)
        for other in elsewhere {
            #expect(throws: VaultError.damaged, "\(other)") {
                try vault.opened(record.with(place: other))
            }
        }
        #expect(try vault.opened(record.with(place: here)) == Array("value".utf8))
    }

    @Test func `any flipped bit of any field is found`() throws {
        let vault = try makeVault()
        let record = try vault.sealed("value")
        for field in SealedRecord.fields {
            for index in record[keyPath: field].indices {
                for bit in 0..<8 {
                    var changed = record[keyPath: field]
                    changed[index] ^= 1 << bit
                    #expect(throws: VaultError.damaged) {
                        try vault.opened(record.with(field, changed))
                    }
                }
            }
        }
    }

    @Test func `a field that is cut or longer is found`() throws {
        let vault = try makeVault()
        let record = try vault.sealed("value")
        for field in SealedRecord.fields {
            let bytes = record[keyPath: field]
            let others = (0..<bytes.count).map { Array(bytes.prefix($0)) } + [bytes + [0]]
            for other in others {
                #expect(throws: VaultError.damaged) {
                    try vault.opened(record.with(field, other))
                }
            }
        }
    }

    @Test func `parts of another record of the same place do not fit`() throws {
        let vault = try makeVault()
        let record = try vault.sealed("value")
        let other = try vault.sealed("other")
        for field in SealedRecord.fields {
            #expect(throws: VaultError.damaged) {
                try vault.opened(record.with(field, other[keyPath: field]))
            }
        }
        // Nor does the wrap open in the place of the body, or the other way round.
        let exchanged = record.with(\.ciphertext, record.wrappedKey)
            .with(\.nonce, record.wrapNonce)
        #expect(throws: VaultError.damaged) { try vault.opened(exchanged) }
    }

    @Test func `another vault's record is damaged, and not of another key`() throws {
        let record = try makeVault("vault-1").sealed("value")
        // A vault's id makes its key id, so the record must claim the id of the vault it is put in.
        let other = try makeVault("vault-2")
        #expect(throws: VaultError.otherKey(expected: record.keyID, found: other.keyID)) {
            try other.opened(record)
        }
        #expect(throws: VaultError.damaged) { try other.opened(record.with(keyID: other.keyID)) }
    }

    @Test func `another root key is told from damage`() throws {
        let record = try makeVault(key: 1).sealed("value")
        let other = try makeVault(key: 2)
        #expect(throws: VaultError.otherKey(expected: record.keyID, found: other.keyID)) {
            try other.opened(record)
        }
        #expect(throws: VaultError.damaged) { try other.opened(record.with(keyID: other.keyID)) }
        #expect(try makeVault(key: 1).keyID == record.keyID)
        #expect(record.keyID.utf8.count == 16)
        #expect(bytes(of: record.keyID) != nil)
    }

    @Test func `what is longer than its prepared room is refused, and what is shorter fits`()
        throws
    {
        let vault = try makeVault()
        for (text, fits) in [("", true), ("12345678", true), ("123456789", false)] {
            let sealing = try vault.prepare(for: here, capacity: 8)
            let value = try secret(text)
            if fits {
                #expect(try vault.opened(sealing.seal(value)) == Array(text.utf8))
            } else {
                let error = #expect(throws: VaultError.self) {
                    _ = try vault.prepare(for: here, capacity: 8).seal(value)
                }
                #expect(error == .tooLong)
            }
        }
    }

    @Test func `more than a mebibyte is too long, whoever asks`() throws {
        let vault = try makeVault()
        #expect(throws: VaultError.tooLong) {
            _ = try vault.prepare(for: here, capacity: AESGCM.maximumByteCount + 1)
        }
        #expect(throws: VaultError.tooLong) {
            try vault.sealed(String(repeating: "x", count: AESGCM.maximumByteCount + 1))
        }
        let longest = String(repeating: "x", count: AESGCM.maximumByteCount)
        #expect(try vault.opened(vault.sealed(longest)).count == longest.utf8.count)
    }

    @Test func `fingerprints are equal for equal values under one root key and differ otherwise`()
        throws
    {
        func fingerprint(_ text: String, _ byte: UInt8 = 1, _ id: String = "v") throws -> [UInt8] {
            try makeVault(id, key: byte).fingerprint(Array(text.utf8).span)
        }
        let one = try fingerprint("value")
        #expect(one.count == 16)
        #expect(try fingerprint("value") == one)
        #expect(try fingerprint("valuf") != one)
        #expect(try fingerprint("") != one)
        #expect(try fingerprint("value", 2) != one)
        // It is no plain hash, which a reader could look up.
        #expect(Array(SHA256.hash(Array("value".utf8)).prefix(16)) != one)
    }

    @Test func `spreads are uniform`() throws {
        let vault = try makeVault()
        let bins = 24
        let count = 12_000
        var counts = [Int](repeating: 0, count: bins)
        for number in 0..<count {
            // As a schedule uses it: so many seconds of a spread of six hours.
            let offset = try vault.spread(of: "policy-\(number)") >> 1 % 21_600
            counts[Int(offset) * bins / 21_600] += 1
        }
        // 500 in each, with a deviation of 22; the key is always the same, so that this is, too.
        #expect(counts.allSatisfy { (400...600).contains($0) }, "\(counts)")
        let expected = Double(count) / Double(bins)
        let square = counts.reduce(0.0) {
            $0 + (Double($1) - expected) * (Double($1) - expected) / expected
        }
        // Of 23 degrees of freedom one in a thousand is beyond.
        #expect(square < 49.7)
    }

    @Test func `the spread of a name is its own and the key's`() throws {
        let vault = try makeVault()
        #expect(try vault.spread(of: "a") == makeVault().spread(of: "a"))
        #expect(try vault.spread(of: "a") != vault.spread(of: "b"))
        #expect(try vault.spread(of: "a") != makeVault(key: 2).spread(of: "a"))
    }

    @Test func `the canary sings`() throws {
        let vault = try makeVault()
        #expect(throws: Never.self) { try vault.checkCanary(at: Timestamp(milliseconds: 0)) }
    }
}

/// The bytes of lower-case hexadecimal digits.
private func bytes(of text: String) -> [UInt8]? {
    text == text.lowercased() ? try? Hex(text).bytes : nil  // whatever is wrong, it is none
}

extension Place {
    fileprivate func with(
        purpose: Purpose? = nil, owner: String? = nil, number: Int? = nil,
        createdAt: Timestamp? = nil
    ) -> Place {
        Place(
            purpose: purpose ?? self.purpose, owner: owner ?? self.owner,
            number: number ?? self.number, createdAt: createdAt ?? self.createdAt)
    }
}

extension SealedRecord {
    /// The fields that hold bytes.
    fileprivate static var fields: [KeyPath<SealedRecord, [UInt8]>] {
        [\.salt, \.commitment, \.wrapNonce, \.wrappedKey, \.nonce, \.ciphertext]
    }

    fileprivate func with(
        _ field: KeyPath<SealedRecord, [UInt8]>, _ bytes: [UInt8]
    ) -> SealedRecord {
        func pick(_ path: KeyPath<SealedRecord, [UInt8]>) -> [UInt8] {
            path == field ? bytes : self[keyPath: path]
        }
        return SealedRecord(
            place: place, keyID: keyID, salt: pick(\.salt), commitment: pick(\.commitment),
            wrapNonce: pick(\.wrapNonce), wrappedKey: pick(\.wrappedKey), nonce: pick(\.nonce),
            ciphertext: pick(\.ciphertext))
    }

    fileprivate func with(place: Place? = nil, keyID: String? = nil) -> SealedRecord {
        SealedRecord(
            place: place ?? self.place, keyID: keyID ?? self.keyID, salt: salt,
            commitment: commitment, wrapNonce: wrapNonce, wrappedKey: wrappedKey, nonce: nonce,
            ciphertext: ciphertext)
    }
}
