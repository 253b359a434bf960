/// The name of a log in one of its epochs: `HOST/keyturn/LOG-ID/eEPOCH`.
package struct LogOrigin: Hashable, Sendable, CustomStringConvertible {
    /// All but the epoch.
    package let log: String
    package let epoch: Int

    package init(log: String, epoch: Int) {
        self.log = log
        self.epoch = epoch
    }

    /// Reads an origin. Nil for what is none of ours.
    package init?(_ text: String) {
        guard let slash = text.lastIndex(of: "/"), text[slash...].hasPrefix("/e"),
            let epoch = Int(text[slash...].dropFirst(2)), epoch > 0
        else { return nil }
        self.init(log: String(text[..<slash]), epoch: epoch)
    }

    package var description: String { "\(log)/e\(epoch)" }

    /// Whether it is the same log, in an earlier epoch.
    package func precedes(_ other: LogOrigin?) -> Bool {
        log == other?.log && epoch < other?.epoch ?? 0
    }
}
