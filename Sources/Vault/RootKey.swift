import OpenSSL
import Secrets

/// The 32 bytes from which every other key is derived. They live outside the database.
package struct RootKey: ~Copyable, Sendable {
    /// Bytes of a root key.
    package static let byteCount = 32

    private let secret: SecretBytes

    /// A new one from the private random generator.
    package static func generate() throws(VaultError) -> RootKey {
        do throws(OpenSSLError) {
            return RootKey(secret: try SecretBytes.random(byteCount))
        } catch {
            throw .cryptography
        }
    }

    private init(secret: consuming SecretBytes) { self.secret = secret }

    /// Reads what a key source holds: 32 raw bytes, or 64 hexadecimal digits with an optional
    /// newline.
    package init(reading text: borrowing SecretBytes) throws(VaultError) {
        self.init(secret: try Self.bytes(of: text))
    }

    private static func bytes(of text: borrowing SecretBytes) throws(VaultError) -> SecretBytes {
        do throws(OpenSSLError) {
            if text.count == byteCount { return try text.copy() }
            var key = try SecretBytes(capacity: byteCount)
            let bytes = text.bytes
            let length = bytes.count == 65 && bytes[64] == 0x0a ? 64 : bytes.count
            guard length == 64 else { throw OpenSSLError.invalidLength }
            for index in stride(from: 0, to: 64, by: 2) {
                guard let high = digit(bytes[index]), let low = digit(bytes[index + 1])
                else { throw OpenSSLError.invalidLength }
                key.append(high << 4 | low)
            }
            return key
        } catch {
            throw error == .invalidLength ? .malformedKey : .cryptography
        }
    }

    /// The key as a key file holds it: 64 hexadecimal digits and a newline.
    package borrowing func fileContents() throws(VaultError) -> SecretBytes {
        do throws(OpenSSLError) {
            var text = try SecretBytes(capacity: 65)
            let digits = Array("0123456789abcdef".utf8)
            for index in secret.bytes.indices {
                text.append(digits[Int(secret.bytes[index] >> 4)])
                text.append(digits[Int(secret.bytes[index] & 15)])
            }
            text.append(0x0a)
            return text
        } catch {
            throw .cryptography
        }
    }

    /// A key for one purpose: HKDF-SHA-256 without salt, the info being
    /// `keyturn/PURPOSE/v1`.
    borrowing func derive(_ purpose: String) throws(VaultError) -> SecretBytes {
        do throws(OpenSSLError) {
            return SecretBytes(
                try HKDF.sha256(
                    key: secret.bytes, salt: [], info: Array("keyturn/\(purpose)/v1".utf8),
                    count: 32))
        } catch {
            throw .cryptography
        }
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
