import OpenSSL
import TestSupport
import Testing
import VectorFiles

struct AESGCMTests {
    @Test func `the 66 cases of Wycheproof that have our sizes come out as stated`() throws {
        var count = 0
        for group in try wycheproof() where group.isOurs {
            for test in group.tests {
                count += 1
                let sealed = test.ct.bytes + test.tag.bytes
                switch test.result {
                case .valid:
                    #expect(try test.seal() == sealed, "\(test.tcId)")
                    #expect(try test.open(sealed) == test.msg.bytes, "\(test.tcId)")
                case .invalid:
                    #expect(throws: OpenSSLError.authenticationFailed, "\(test.tcId)") {
                        try test.open(sealed)
                    }
                }
            }
        }
        #expect(count == 66)
    }

    @Test func `Wycheproof's other key and nonce sizes are refused before libcrypto sees them`()
        throws
    {
        var count = 0
        for group in try wycheproof() where !group.isOurs {
            for test in group.tests {
                count += 1
                #expect(throws: OpenSSLError.invalidLength, "\(test.tcId)") { try test.seal() }
                #expect(throws: OpenSSLError.invalidLength, "\(test.tcId)") {
                    try test.open(test.ct.bytes + test.tag.bytes)
                }
            }
        }
        #expect(count == 250)
    }

    @Test func `all encryptions of NIST come out byte for byte`() throws {
        let cases = try nist("gcmEncryptExtIV256_iv96_tag128.rsp")
        #expect(cases.count == 375)
        for test in cases {
            let sealed = try seal(test.pt, key: test.key, nonce: test.iv, data: test.aad)
            #expect(sealed == test.ct + test.tag, "\(test.key)")
        }
    }

    @Test func `all decryptions of NIST come out as stated and those that must fail do`() throws {
        let cases = try nist("gcmDecrypt256_iv96_tag128.rsp")
        #expect(cases.count == 375)
        #expect(cases.filter(\.mustFail).count == 191)
        for test in cases {
            let sealed = test.ct + test.tag
            if test.mustFail {
                #expect(throws: OpenSSLError.authenticationFailed, "\(test.key)") {
                    try open(sealed, key: test.key, nonce: test.iv, data: test.aad)
                }
            } else {
                let opened = try open(sealed, key: test.key, nonce: test.iv, data: test.aad)
                #expect(opened == test.pt, "\(test.key)")
            }
        }
    }

    @Test(arguments: 0..<16)
    func `a tag that is cut short is refused`(_ kept: Int) throws {
        let key = [UInt8](repeating: 7, count: 32)
        let nonce = [UInt8](repeating: 9, count: 12)
        let value = [UInt8](repeating: 1, count: 32)
        let sealed = try seal(value, key: key, nonce: nonce, data: [])
        #expect(throws: OpenSSLError.authenticationFailed) {
            // libcrypto would take a tag of one byte; here the last 16 are always the tag.
            try open(Array(sealed.prefix(32 + kept)), key: key, nonce: nonce, data: [])
        }
        let empty = try seal([], key: key, nonce: nonce, data: [])
        #expect(throws: OpenSSLError.invalidLength) {
            try open(Array(empty.prefix(kept)), key: key, nonce: nonce, data: [])
        }
    }

    @Test func `what is longer than a mebibyte is refused`() throws {
        let key = [UInt8](repeating: 7, count: 32)
        let nonce = [UInt8](repeating: 9, count: 12)
        let longest = [UInt8](repeating: 1, count: AESGCM.maximumByteCount)
        let sealed = try seal(longest, key: key, nonce: nonce, data: [])
        #expect(try open(sealed, key: key, nonce: nonce, data: []) == longest)
        #expect(throws: OpenSSLError.invalidLength) {
            try seal(longest + [1], key: key, nonce: nonce, data: [])
        }
        #expect(throws: OpenSSLError.invalidLength) {
            try open(sealed + [1], key: key, nonce: nonce, data: [])
        }
    }

    @Test func `a sealer takes what fits and nothing longer`() throws {
        let key = [UInt8](repeating: 7, count: 32)
        let nonce = [UInt8](repeating: 9, count: 12)
        func sealer() throws -> AESGCM.Sealer {
            try AESGCM.Sealer(key: key.span, nonce: nonce, associatedData: [1], capacity: 8)
        }
        for count in 0...8 {
            let message = [UInt8](repeating: 3, count: count)
            var prepared = try sealer()
            let sealed = try prepared.seal(message.span)
            #expect(try sealed == seal(message, key: key, nonce: nonce, data: [1]))
            // Once only: a second message under the same nonce would give the key away.
            #expect(throws: OpenSSLError.self) { try prepared.seal(message.span) }
        }
        #expect(throws: OpenSSLError.invalidLength) {
            var prepared = try sealer()
            _ = try prepared.seal([UInt8](repeating: 3, count: 9).span)
        }
    }

    @Test(arguments: [200, 100_000])
    func `a wrong tag leaves no byte of the message in memory`(_ count: Int) async {
        await #expect(processExitsWith: .success) { [count = count as Int] in
            let key = try Random.bytes(32)
            let nonce = try Random.bytes(12)
            let (sealed, message) = try sealAndForget(count, key: key, nonce: nonce)
            try #require(try message.hits() == 0)
            try hold(sealed, key: key, nonce: nonce) { try #require(try message.hits() > 0) }
            try #require(try message.hits() == 0)
            var changed = sealed
            changed[sealed.count - 1] ^= 1
            #expect(throws: OpenSSLError.authenticationFailed) {
                try hold(changed, key: key, nonce: nonce) {}
            }
            try #require(try message.hits() == 0)
        }
    }
}

/// Seals random bytes that are gone when this returns.
private func sealAndForget(
    _ count: Int, key: [UInt8], nonce: [UInt8]
) throws -> (sealed: [UInt8], message: MemoryScan) {
    let message = try Random.secret(count)
    let sealed = try AESGCM.seal(
        message.bytes, key: key.span, nonce: nonce, associatedData: [])
    return (sealed, MemoryScan(for: message.bytes, offset: count / 2, count: 40))
}

/// Opens, and calls `body` while the message is held.
private func hold(
    _ sealed: [UInt8], key: [UInt8], nonce: [UInt8], _ body: () throws -> Void
) throws {
    let message = try AESGCM.open(sealed.span, key: key.span, nonce: nonce, associatedData: [])
    try body()
    try #require(message.count == sealed.count - AESGCM.tagByteCount)
}

private func seal(
    _ message: [UInt8], key: [UInt8], nonce: [UInt8], data: [UInt8]
) throws -> [UInt8] {
    try AESGCM.seal(message.span, key: key.span, nonce: nonce, associatedData: data)
}

@discardableResult
private func open(
    _ sealed: [UInt8], key: [UInt8], nonce: [UInt8], data: [UInt8]
) throws -> [UInt8] {
    let message = try AESGCM.open(sealed.span, key: key.span, nonce: nonce, associatedData: data)
    return array(message.bytes)
}

private struct Group: Decodable {
    let ivSize: Int
    let keySize: Int
    let tagSize: Int
    let tests: [Case]

    var isOurs: Bool { keySize == 256 && ivSize == 96 && tagSize == 128 }

    struct Case: Decodable {
        let tcId: Int
        let key: Hex
        let iv: Hex
        let aad: Hex
        let msg: Hex
        let ct: Hex
        let tag: Hex
        let result: WycheproofResult

        @discardableResult
        func seal() throws -> [UInt8] {
            try OpenSSLTests.seal(msg.bytes, key: key.bytes, nonce: iv.bytes, data: aad.bytes)
        }

        @discardableResult
        func open(_ sealed: [UInt8]) throws -> [UInt8] {
            try OpenSSLTests.open(sealed, key: key.bytes, nonce: iv.bytes, data: aad.bytes)
        }
    }
}

private func wycheproof() throws -> [Group] {
    try VectorFile.json("wycheproof/aes_gcm_test.json", as: Wycheproof<Group>.self).testGroups
}

private struct NISTCase {
    let key: [UInt8]
    let iv: [UInt8]
    let aad: [UInt8]
    let pt: [UInt8]
    let ct: [UInt8]
    let tag: [UInt8]
    let mustFail: Bool
}

private func nist(_ name: String) throws -> [NISTCase] {
    try VectorFile.records("nist-cavp-gcm/\(name)").map { record in
        let mustFail = record.has("FAIL")
        return NISTCase(
            key: try record.bytes("Key"), iv: try record.bytes("IV"),
            aad: try record.bytes("AAD"), pt: mustFail ? [] : try record.bytes("PT"),
            ct: try record.bytes("CT"), tag: try record.bytes("Tag"), mustFail: mustFail)
    }
}
