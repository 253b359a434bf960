import OpenSSL
import Testing
import VectorFiles

struct HashTests {
    @Test func `SHA-256 gives the examples of FIPS 180-4, whole and by parts`() throws {
        let message = Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8)
        let hash = try Hex("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1").bytes
        #expect(SHA256.hash(message) == hash)
        for split in 0...message.count {
            var parts = SHA256()
            parts.update(Array(message[..<split]).span)
            parts.update(Array(message[split...]).span)
            #expect(parts.finalize() == hash)
        }
        #expect(
            try SHA256.hash([])
                == Hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855").bytes)
    }

    @Test func `HMAC gives what Wycheproof states`() throws {
        let file = try VectorFile.json(
            "wycheproof/hmac_sha256_test.json", as: Wycheproof<HMACGroup>.self)
        var count = 0
        for group in file.testGroups {
            for test in group.tests {
                count += 1
                let code = try HMAC.sha256(key: test.key.bytes.span, message: test.msg.bytes.span)
                #expect(code.count == 32)
                let isEqual = Array(code.prefix(group.tagSize / 8)) == test.tag.bytes
                #expect(isEqual == (test.result == .valid), "\(test.tcId)")
            }
        }
        #expect(count == file.numberOfTests)
    }

    @Test func `HMAC takes the empty key`() throws {
        let code = try HMAC.sha256(key: [UInt8]().span, message: [UInt8]().span)
        // Computed with Python's hmac module.
        let expected = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"
        #expect(try code == Hex(expected).bytes)
    }

    @Test func `HKDF gives what Wycheproof states and refuses more than 8160 bytes`() throws {
        let file = try VectorFile.json(
            "wycheproof/hkdf_sha256_test.json", as: Wycheproof<HKDFGroup>.self)
        var count = 0
        for test in file.testGroups.flatMap(\.tests) {
            count += 1
            switch test.result {
            case .valid: #expect(try test.derive() == test.okm.bytes, "\(test.tcId)")
            case .invalid:
                #expect(throws: OpenSSLError.invalidLength, "\(test.tcId)") {
                    try test.derive()
                }
            }
        }
        #expect(count == file.numberOfTests)
    }

    @Test(arguments: [Int.min, -1, 0, 8161, Int.max])
    func `HKDF refuses a length that it cannot make`(_ count: Int) {
        #expect(throws: OpenSSLError.invalidLength) {
            _ = try HKDF.sha256(key: [UInt8(1)].span, salt: [], info: [], count: count)
        }
    }

    @Test func `scrypt gives the keys of RFC 7914 that are within our bounds`() throws {
        let cases = try VectorFile.records("scrypt-rfc7914/scrypt.txt").map(ScryptCase.init)
        #expect(cases.count == 4)
        // The second asks for r * p = 128, which a hostile file may not; the last for 1 GiB.
        for test in [cases[0], cases[2]] { #expect(try test.derive() == test.key) }
        #expect(throws: OpenSSLError.invalidLength) { try cases[1].derive() }
    }

    @Test(arguments: [
        (1, 8, 1), (0, 8, 1), (-2, 8, 1), (3, 8, 1), (1 << 21, 8, 1), (Int.min, 8, 1), (16, 0, 1),
        (16, 1, 0), (16, -1, -1), (16, 17, 1), (16, 1, 17), (16, 4, 5), (16, Int.max, 2),
        (16, 2, Int.max), (16, Int.min, Int.min),
    ])
    func `scrypt refuses costs that a hostile file could exhaust memory with`(
        _ n: Int, _ r: Int, _ p: Int
    ) {
        #expect(throws: OpenSSLError.invalidLength) {
            try ScryptCase(n: n, r: r, p: p).derive()
        }
    }
}

private struct HMACGroup: Decodable {
    let tagSize: Int
    let tests: [Case]

    struct Case: Decodable {
        let tcId: Int
        let key: Hex
        let msg: Hex
        let tag: Hex
        let result: WycheproofResult
    }
}

private struct HKDFGroup: Decodable {
    let tests: [Case]

    struct Case: Decodable {
        let tcId: Int
        let ikm: Hex
        let salt: Hex
        let info: Hex
        let size: Int
        let okm: Hex
        let result: WycheproofResult

        @discardableResult
        func derive() throws -> [UInt8] {
            let derived = try HKDF.sha256(
                key: ikm.bytes.span, salt: salt.bytes, info: info.bytes, count: size)
            return array(derived.bytes)
        }
    }
}

private struct ScryptCase {
    var passphrase = "pass"
    var salt = "salt"
    var n: Int
    var r: Int
    var p: Int
    var key: [UInt8] = [0]

    @discardableResult
    func derive() throws -> [UInt8] {
        let derived = try Scrypt.derive(
            passphrase: Array(passphrase.utf8).span, salt: Array(salt.utf8), n: n, r: r, p: p,
            count: key.count)
        return array(derived.bytes)
    }
}

extension ScryptCase {
    fileprivate init(_ record: VectorRecord) throws {
        self.init(
            passphrase: try record.text("PASSWORD"), salt: try record.text("SALT"),
            n: try record.number("N"), r: try record.number("r"), p: try record.number("p"),
            key: try record.bytes("DERIVED_KEY"))
    }
}
