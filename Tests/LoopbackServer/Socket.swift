import Glibc

/// Why there is no server.
struct SocketError: Error {
    let code: Int32
}

/// The calls of a TCP server, for tests.
enum Socket {
    /// A socket on a free port. While it is bound and does not listen, connecting is refused.
    static func bound(listening: Bool) throws -> (Int32, UInt16) {
        let descriptor = socket(AF_INET, type, 0)
        var address = loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0
                    && (!listening || listen(descriptor, 256) == 0)
                    && getsockname(descriptor, address, &length) == 0
            }
        }
        guard descriptor >= 0, result else { throw SocketError(code: errno) }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    static func accepted(_ listener: Int32) -> Int32? {
        let descriptor = accept(listener, nil, nil)
        guard descriptor >= 0 else { return nil }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        return descriptor
    }

    /// The next bytes, or nil at the end.
    static func receive(_ connection: Int32) -> [UInt8]? {
        let bytes = [UInt8](unsafeUninitializedCapacity: 16_384) { buffer, count in
            count = max(0, recv(connection, buffer.baseAddress, buffer.count, 0))
        }
        return bytes.isEmpty ? nil : bytes
    }

    static func send(_ text: String, _ connection: Int32) { send(Array(text.utf8), connection) }

    static func send(_ bytes: [UInt8], _ connection: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes {
                Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { return }
            rest = rest.dropFirst(sent)
        }
    }

    static func drain(_ connection: Int32) {
        while receive(connection) != nil {}
    }

    /// Makes the close that follows a reset.
    static func tearDown(_ connection: Int32) {
        var hard = linger(l_onoff: 1, l_linger: 0)
        setsockopt(
            connection, SOL_SOCKET, SO_LINGER, &hard, socklen_t(MemoryLayout<linger>.size))
    }

    /// Copies both ways until either side ends.
    static func join(_ connection: Int32, _ port: UInt16) {
        let other = socket(AF_INET, type, 0)
        defer { close(other) }
        var address = loopback(port)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(other, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { return }
        var both = [connection, other].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        while poll(&both, 2, -1) > 0 {
            for (from, to) in [(0, 1), (1, 0)] where both[from].revents != 0 {
                guard let bytes = receive(both[from].fd) else { return }
                send(bytes, both[to].fd)
            }
        }
    }

    private static var type: Int32 { Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue) }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }
}

/// Runs `work` on a thread of its own: the pool that tests run on must never be blocked.
func thread(_ work: @escaping @Sendable () -> Void) {
    final class Box {
        let work: @Sendable () -> Void
        init(_ work: @escaping @Sendable () -> Void) { self.work = work }
    }
    var thread = pthread_t()
    let box = Unmanaged.passRetained(Box(work))
    let result = pthread_create(
        &thread, nil,
        { context in
            if let context { Unmanaged<Box>.fromOpaque(context).takeRetainedValue().work() }
            return nil
        }, box.toOpaque())
    precondition(result == 0, "no thread could be made")
    pthread_detach(thread)
}
