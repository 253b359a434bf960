import COpenSSL

/// Bytes on OpenSSL's secure heap: locked in memory, guarded, left out of core dumps, wiped when
/// the buffer ends.
///
/// What is larger than `largestLocked` is a list of objects and no secret of a provider: it lies
/// on the ordinary heap, since locked memory is scarce, and is wiped all the same.
///
/// It has a fixed capacity, is filled from the front, and is never copied. `SecretBytes` is built
/// on it; no other room needs the type by name.
package struct SecureBuffer: ~Copyable, @unchecked Sendable {
    // Sendable although it holds a pointer: the memory has one owner, which the type system moves.
    private let base: UnsafeMutableRawPointer
    /// The largest capacity that is taken from the secure heap, in bytes.
    package static let largestLocked = 32 << 10
    /// The number of bytes that fit.
    package let capacity: Int
    /// The number of bytes that are there.
    package private(set) var count = 0

    /// An empty buffer with room for `capacity` bytes, zeroed.
    package init(capacity: Int) throws(OpenSSLError) {
        guard SecureHeap.isReady else { throw .secureHeapExhausted }
        let size = max(capacity, 1)
        let made = size > Self.largestLocked ? co_zalloc(size) : co_secure_zalloc(size)
        guard let base = made else { throw .secureHeapExhausted }
        self.base = base
        self.capacity = capacity
    }

    deinit {
        let size = max(capacity, 1)
        if size > Self.largestLocked {
            co_clear_free(base, size)
        } else {
            co_secure_clear_free(base, size)
        }
    }

    /// What was written so far.
    package var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        borrowing get {
            let start = base.assumingMemoryBound(to: UInt8.self)
            let span = Span(_unsafeStart: start, count: count)
            return _overrideLifetime(span, borrowing: self)
        }
    }

    /// Adds one byte. False, and nothing is changed, when the buffer is full.
    @discardableResult
    package mutating func append(_ byte: UInt8) -> Bool {
        guard count < capacity else { return false }
        base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
        return true
    }

    /// Adds as many of `bytes` as fit and returns how many that were.
    @discardableResult
    package mutating func append(_ bytes: Span<UInt8>) -> Int {
        let fitting = min(bytes.count, capacity - count)
        bytes.withUnsafeBufferPointer { source in
            guard fitting > 0, let start = source.baseAddress else { return }
            (base + count).copyMemory(from: start, byteCount: fitting)
        }
        count += fitting
        return fitting
    }

    /// Wipes what is there; the capacity stays.
    package mutating func removeAll() {
        OPENSSL_cleanse(base, capacity)
        count = 0
    }

    /// Lets `body` write up to `capacity` bytes and say how many it wrote. For C rooms.
    package mutating func fill<E: Error>(
        _ body: (UnsafeMutableRawBufferPointer) throws(E) -> Int
    ) throws(E) {
        count = 0
        let written = try body(UnsafeMutableRawBufferPointer(start: base, count: capacity))
        precondition(written >= 0 && written <= capacity, "more was written than fits")
        count = written
    }
}

/// The secure heap of this process.
package enum SecureHeap {
    /// What the kernel granted.
    package enum Protection: Sendable {
        /// Locked in memory, with guard pages.
        case locked
        /// It works, but may be swapped out: the limit on locked memory is too low.
        case unlocked
        /// It could not be made; no secret can be held.
        case absent
    }

    /// 4 MiB: 32 rotations at once with their answers, keys and deliveries.
    private static let size = 1 << 22

    /// How the heap is protected. It is made at the first use.
    package static let protection: Protection =
        switch CRYPTO_secure_malloc_init(size, 16) {
        case 1: .locked
        case 2: .unlocked
        default: .absent
        }

    static var isReady: Bool { protection != .absent }
}
