import Files

/// Room on the disk that is held in reserve, so that the outcome of an effect can be written when
/// everything else is full.
enum Ballast {
    /// 1 MiB: some hundred outcomes.
    static let byteCount = 1 << 20

    /// Takes the room, unless it is held already.
    static func make(at path: String) throws(FileError) {
        guard try PlainFile.state(path) == nil else { return }
        // Bytes that no file system can leave out.
        var bytes = [UInt8](repeating: 0, count: byteCount)
        var state: UInt32 = 1
        for index in bytes.indices {
            state = state &* 1_664_525 &+ 1_013_904_223
            bytes[index] = UInt8(truncatingIfNeeded: state >> 24)
        }
        try PlainFile.create(path, contents: bytes.span, mode: 0o600)
    }

    /// Gives the room up. True when there was any.
    static func release(at path: String) -> Bool {
        // The caller tries to write again either way.
        (try? PlainFile.remove(path)) ?? false
    }
}
