import Glibc

/// The machine that this program runs on.
package enum Host {
    /// The name of the machine (gethostname(2)).
    package static func name() throws(SystemError) -> String {
        var name = [CChar](repeating: 0, count: 256)
        try require(gethostname(&name, 255) == 0, "gethostname")
        return String(
            decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The 32 hexadecimal digits of the installation (machine-id(5)), or nil where there is none.
    package static func machineID() throws(SystemError) -> String? {
        do {
            let text = try line(of: "/etc/machine-id")
            // "uninitialized" during the first boot.
            return text.utf8.count == 32 && text.allSatisfy(\.isHexDigit) ? text : nil
        } catch {
            guard error.cause == .notFound else { throw error }
            return nil
        }
    }

    /// Another UUID after each boot (proc_sys_kernel(5)).
    package static func bootID() throws(SystemError) -> String {
        let text = try line(of: "/proc/sys/kernel/random/boot_id")
        guard isUUID(text) else { throw SystemError(number: EINVAL, operation: "boot_id") }
        return text
    }

    private static func line(of path: String) throws(SystemError) -> String {
        let file = try Descriptor.open(path, for: .reading, lastLink: .followed)
        guard let bytes = try file.readAll(limit: 256) else {
            throw SystemError(number: EFBIG, operation: "read")
        }
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    static func isUUID(_ text: some StringProtocol) -> Bool {
        text.utf8.count == 36 && text.allSatisfy { $0.isHexDigit || $0 == "-" }
    }
}
