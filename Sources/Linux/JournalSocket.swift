import CLinux

/// The host's journal (https://systemd.io/JOURNAL_NATIVE_PROTOCOL/).
package enum JournalSocket {
    /// Where journald listens.
    package static let path = "/run/systemd/journal/socket"

    /// Sends one message of these fields. Never waits: a journal that is not there, or does not take
    /// it at once, is an error.
    package static func send(
        _ fields: [(name: String, value: String)], to path: String
    ) throws(SystemError) {
        var message: [UInt8] = []
        for (name, value) in fields {
            message += Array(name.utf8)
            if value.utf8.contains(UInt8(ascii: "\n")) {
                // What has lines is sent with its length before it.
                message.append(UInt8(ascii: "\n"))
                let count = UInt64(value.utf8.count)
                message += (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
            } else {
                message.append(UInt8(ascii: "="))
            }
            message += Array(value.utf8) + [UInt8(ascii: "\n")]
        }
        try require(cl_send_datagram(path, message, message.count) == 0, "sendto")
    }
}
