import Glibc

/// Looks through the writable memory of this process for bytes that are known in disguise only.
package struct MemoryScan {
    private let pattern: [UInt8]
    private static let mask: UInt8 = 0xA5

    /// Remembers `count` bytes of a secret from `offset` on, without leaving them in memory again.
    package init(for bytes: Span<UInt8>, offset: Int = 0, count: Int) {
        pattern = (offset..<(offset + count)).map { bytes[$0] ^ Self.mask }
    }

    /// How often the bytes are there.
    package func hits() throws -> Int {
        let memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC)
        guard memory >= 0, let maps = fopen("/proc/self/maps", "r") else { throw Unreadable() }
        defer {
            close(memory)
            fclose(maps)
        }
        let size = 1 << 20
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
        defer {
            _ = buffer.initializeMemory(as: UInt8.self, repeating: 0)
            buffer.deallocate()
        }
        let own = UInt(bitPattern: buffer.baseAddress)
        var hits = 0
        for (start, end) in Self.writable(maps) {
            var next = start
            while next < end {
                let wanted = min(size, Int(end - next))
                let got = pread(memory, buffer.baseAddress, wanted, off_t(next))
                guard got > pattern.count else { break }
                for at in candidates(UnsafeRawBufferPointer(buffer)[..<got]) {
                    let address = next + UInt(at)
                    // What lies in the buffer itself was counted where it came from.
                    if address < own || address >= own + UInt(size) { hits += 1 }
                }
                if got < size { break }
                next += UInt(got - pattern.count)
            }
        }
        return hits
    }

    /// Where the pattern begins.
    private func candidates(_ memory: Slice<UnsafeRawBufferPointer>) -> [Int] {
        var found: [Int] = []
        var at = 0
        let last = memory.count - pattern.count
        guard let base = memory.base.baseAddress else { return [] }
        while at <= last,
            let hit = memchr(base + at, Int32(pattern[0] ^ Self.mask), last - at + 1)
        {
            at = UnsafeRawPointer(hit) - base
            if pattern.indices.allSatisfy({ memory.base[at + $0] ^ Self.mask == pattern[$0] }) {
                found.append(at)
            }
            at += 1
        }
        return found
    }

    /// The mappings that can be read and written: `7f00-7f10 rw-p …`.
    private static func writable(_ maps: UnsafeMutablePointer<FILE>) -> [(UInt, UInt)] {
        var ranges: [(UInt, UInt)] = []
        var line: UnsafeMutablePointer<CChar>?
        var room = 0
        defer { free(line) }
        while getline(&line, &room, maps) > 0, let line {
            let fields = String(cString: line).split(separator: " ")
            let bounds = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            if fields[1].hasPrefix("rw"), bounds.count == 2 {
                ranges.append((bounds[0], bounds[1]))
            }
        }
        return ranges
    }

    struct Unreadable: Error {}
}
