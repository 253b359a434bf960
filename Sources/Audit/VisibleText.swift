extension String {
    /// The text without what a terminal would obey, or what would turn it around: names may come
    /// from a database that somebody else wrote.
    package var visible: String {
        // Most texts are plain, and there may be many.
        if utf8.allSatisfy({ (0x20..<0x7f).contains($0) || $0 == 0x0a }) { return self }
        guard unicodeScalars.contains(where: Self.isControl) else { return self }
        return unicodeScalars.reduce(into: "") { result, scalar in
            result +=
                Self.isControl(scalar)
                ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
        }
    }

    /// Lines of at most so many characters, broken between words; a word that is longer is a line.
    /// - Parameters:
    ///   - indent: blanks before the first line.
    ///   - hanging: blanks before each line after it.
    package func folded(to width: Int, indent: Int = 0, hanging: Int = 0) -> String {
        var lines: [String] = []
        for word in split(separator: " ", omittingEmptySubsequences: false) {
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                let blanks = String(repeating: " ", count: lines.isEmpty ? indent : hanging)
                lines.append(blanks + word)
            }
        }
        return lines.joined(separator: "\n")
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0a: false
        case ..<0x20, 0x7f..<0xa0, 0x2028, 0x2029, 0x202a...0x202e, 0x2066...0x2069: true
        default: false
        }
    }
}
