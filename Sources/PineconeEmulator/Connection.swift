import FlyingSocks
import FoundationEssentials

/// One client's connection: reads requests and writes what is decided about them.
struct Connection {
    let socket: AsyncSocket
    let emulator: Emulator

    /// Serves until the client, a fault or `stop` ends the connection.
    func serve() async {
        var reader = RequestReader(socket: socket)
        do {
            var isOpen = true
            while isOpen {
                let request = try await reader.next()
                isOpen = try await answer(request)
            }
        } catch let unreadable as RequestReader.Unreadable {
            let response = Response.empty(unreadable.status)
            // The client may have gone; then there is nobody to tell.
            try? await write(response.head(length: 0, closes: true))
        } catch {
            // The client closed the connection or broke it: the end, like any other.
        }
    }

    private func answer(_ request: Request) async throws -> Bool {
        if request.path.hasPrefix(Emulator.controlPath) {
            return try await send(Delivery(emulator.control(request)), request)
        }
        switch emulator.admit(request) {
        case .answered(let delivery): return try await send(delivery, request)
        case .carryOut(let ticket, let afterMs):
            try await pause(ms: afterMs)
            return try await send(emulator.carryOut(ticket), request)
        }
    }

    /// Says whether the connection stays open.
    private func send(_ delivery: Delivery, _ request: Request) async throws -> Bool {
        try await pause(ms: delivery.delayMs)
        let response = delivery.response
        switch delivery.manner {
        case .whole:
            let head = response.head(length: response.body.count, closes: !request.keepsAlive)
            try await write(head + response.body)
            return request.keepsAlive
        case .closeBeforeHeaders: return false
        case .closeInBody:
            // An empty body has no middle: then one byte is promised that never comes.
            let head = response.head(length: max(1, response.body.count), closes: false)
            try await write(head + response.body.prefix(response.body.count / 2))
            return false
        case .hang:
            while true { _ = try await socket.read(atMost: 4096) }
        }
    }

    private func write(_ bytes: [UInt8]) async throws {
        try await socket.write(Data(bytes))
    }

    /// Real time: the client's patience is what this is about.
    private func pause(ms: Int64) async throws {
        if ms > 0 { try await Task.sleep(for: .milliseconds(ms)) }
    }
}
