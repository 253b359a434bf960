import OpenSSL
import Testing
import VectorFiles

struct Ed25519Tests {
    @Test func `the 151 cases of Wycheproof come out as stated`() throws {
        let file = try VectorFile.json(
            "wycheproof/ed25519_test.json", as: Wycheproof<Group>.self)
        var count = 0
        for group in file.testGroups {
            for test in group.tests {
                count += 1
                let isValid = Ed25519.isValid(
                    test.sig.bytes, over: test.msg.bytes, publicKey: group.publicKey.pk.bytes)
                #expect(isValid == (test.result == .valid), "\(test.tcId)")
            }
        }
        #expect(count == 151)
    }

    @Test func `signatures are those of RFC 8032`() throws {
        // Section 7.1, tests 1 and 3.
        let cases = [
            (
                seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                key: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                message: "",
                signature: "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
                    + "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
            ),
            (
                seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                key: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
                message: "af82",
                signature: "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
                    + "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
            ),
        ]
        for test in cases {
            let seed = try Hex(test.seed).bytes
            let key = try Ed25519.PrivateKey(seed: seed.span)
            #expect(try key.publicKey == Hex(test.key).bytes)
            #expect(try key.sign(try Hex(test.message).bytes) == Hex(test.signature).bytes)
        }
    }

    @Test func `other lengths are refused`() throws {
        let key = try Ed25519.PrivateKey(seed: [UInt8](repeating: 5, count: 32).span)
        let signature = try key.sign([1, 2, 3])
        #expect(Ed25519.isValid(signature, over: [1, 2, 3], publicKey: key.publicKey))
        #expect(!Ed25519.isValid(signature + [0], over: [1, 2, 3], publicKey: key.publicKey))
        #expect(!Ed25519.isValid(signature, over: [1, 2, 3], publicKey: key.publicKey + [0]))
        for count in [0, 31, 33, 64] {
            #expect(throws: OpenSSLError.invalidLength) {
                _ = try Ed25519.PrivateKey(seed: [UInt8](repeating: 5, count: count).span)
            }
        }
    }
}

private struct Group: Decodable {
    let publicKey: Key
    let tests: [Case]

    struct Key: Decodable { let pk: Hex }

    struct Case: Decodable {
        let tcId: Int
        let msg: Hex
        let sig: Hex
        let result: WycheproofResult
    }
}
