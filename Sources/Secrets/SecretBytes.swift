import OpenSSL

/// Bytes that must never be seen: noncopyable, on the secure heap, wiped when they end.
///
/// Printing, interpolating and encoding it do not compile. It has a fixed capacity and is filled
/// from the front; what is read out of it is a borrowed span.
package struct SecretBytes: ~Copyable, Sendable {
    private var buffer: SecureBuffer

    /// Empty, with room for `capacity` bytes.
    package init(capacity: Int) throws(OpenSSLError) {
        buffer = try SecureBuffer(capacity: capacity)
    }

    /// A copy of `bytes`, which the caller should wipe if it can.
    package init(copying bytes: Span<UInt8>) throws(OpenSSLError) {
        buffer = try SecureBuffer(capacity: bytes.count)
        buffer.append(bytes)
    }

    /// `count` random bytes of the private generator.
    package static func random(_ count: Int) throws(OpenSSLError) -> SecretBytes {
        SecretBytes(try Random.secret(count))
    }

    /// Takes over a buffer that a C room has filled.
    package init(_ buffer: consuming SecureBuffer) {
        self.buffer = buffer
    }

    /// The bytes, for as long as the secret is borrowed.
    package var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        borrowing get { buffer.bytes }
    }

    /// The number of bytes.
    package var count: Int { buffer.count }

    /// Whether there are none.
    package var isEmpty: Bool { buffer.count == 0 }

    /// The number of bytes that fit.
    package var capacity: Int { buffer.capacity }

    /// Adds one byte; false when full.
    @discardableResult
    package mutating func append(_ byte: UInt8) -> Bool { buffer.append(byte) }

    /// Adds as many bytes as fit and returns how many that were.
    @discardableResult
    package mutating func append(_ bytes: Span<UInt8>) -> Int { buffer.append(bytes) }

    /// Adds the UTF-8 of a text that is no secret, such as a name before a value.
    package mutating func append(plain text: String) {
        for byte in text.utf8 { buffer.append(byte) }
    }

    /// Wipes what is there.
    package mutating func removeAll() { buffer.removeAll() }

    /// A second copy, for a second owner.
    package borrowing func copy() throws(OpenSSLError) -> SecretBytes {
        try SecretBytes(copying: bytes)
    }

    /// Whether both hold the same bytes, in constant time.
    package borrowing func equals(_ other: borrowing SecretBytes) -> Bool {
        ConstantTime.equal(bytes, other.bytes)
    }
}
