import FlyingSocks
import Glibc
import Synchronization

/// A listening socket on 127.0.0.1 and its open connections.
final class Listener: Sendable {
    /// The port it listens on.
    let port: UInt16
    private let socket: Socket
    private let open = Mutex<Open>(Open())

    private struct Open {
        var descriptors: Set<Int32> = []
        var isStopped = false
    }

    /// Listens; port 0 takes a free one.
    init(port: UInt16) throws {
        socket = try Socket(domain: AF_INET)
        try socket.setValue(true, for: .localAddressReuse)
        try socket.bind(to: .inet(ip4: "127.0.0.1", port: port))
        try socket.listen()
        guard case .ip4(_, let bound) = try socket.sockname() else {
            throw SocketError.unsupportedAddress
        }
        self.port = bound
        keepFromChildren(socket)
    }

    /// Serves until `stop`.
    func run(for emulator: Emulator) async throws {
        let pool = try await EventLoop.pool.value
        let listening = try AsyncSocket(socket: socket, pool: pool)
        guard admit(socket) else { return }
        Task(executorPreference: EventLoop.lane) {
            await self.acceptAll(on: listening, for: emulator)
        }
    }

    /// Ends when the socket is shut down, or when no descriptor is left to accept with.
    private func acceptAll(on listening: AsyncSocket, for emulator: Emulator) async {
        while let accepted = try? await listening.accept() {  // any failure is the end
            keepFromChildren(accepted.socket)
            guard admit(accepted.socket) else { break }
            Task(executorPreference: EventLoop.lane) {
                await Connection(socket: accepted, emulator: emulator).serve()
                self.close(accepted.socket)
            }
        }
        close(socket)
    }

    /// Breaks all connections and accepts no more. What is being carried out still is.
    func stop() {
        open.withLock { open in
            open.isStopped = true
            for descriptor in open.descriptors { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    /// Remembers a socket that `stop` shuts down; closes it at once if that came before.
    private func admit(_ socket: Socket) -> Bool {
        let isAdmitted = open.withLock { open in
            if !open.isStopped { open.descriptors.insert(socket.file.rawValue) }
            return !open.isStopped
        }
        if !isAdmitted { close(socket) }
        return isAdmitted
    }

    /// Forgets the socket before its number can be given to another one.
    private func close(_ socket: Socket) {
        open.withLock { open in
            open.descriptors.remove(socket.file.rawValue)
            try? socket.close()  // nothing can be done about a descriptor that does not close
        }
    }
}

/// A child that inherited a connection would keep it open after we closed it.
private func keepFromChildren(_ socket: Socket) {
    _ = fcntl(socket.file.rawValue, F_SETFD, FD_CLOEXEC)
}
