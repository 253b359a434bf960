import Glibc
import Synchronization

/// A host on 127.0.0.1 that reads requests and does with each what a test says, good or bad.
package final class LoopbackServer: Sendable {
    /// A request as it arrived.
    package struct Received: Sendable {
        /// Over which connection, counted from 1.
        package let connection: Int
        /// The how-manieth of its connection, counted from 1.
        package let number: Int
        /// The request line and the headers.
        package let head: String
        /// The body.
        package let body: [UInt8]

        /// Whether a header line is there, letter for letter.
        package func has(_ line: String) -> Bool {
            head.split(separator: "\r\n").contains { $0 == line }
        }
    }

    /// What is done with a request.
    package enum Reaction: Sendable {
        /// These bytes are sent, and the next request is awaited.
        case answer(String)
        /// These bytes are sent, and the connection ends.
        case answerAndClose(String)
        /// The connection ends.
        case close
        /// The connection is torn down.
        case reset
        /// Nothing, until the client goes away.
        case hang
        /// These bytes are sent, and the connection is joined to that port.
        case tunnel(String, port: UInt16)
    }

    private struct State {
        var requests: [Received] = []
        var connections: Set<Int32> = []
        var connectionCount = 0
        var atOnce = 0
        var mostAtOnce = 0
        var isStopped = false
    }

    /// Where it listens.
    package let port: UInt16
    private let listener: Int32
    private let react: @Sendable (Received) -> Reaction
    private let state = Mutex(State())

    /// Listens on a free port until `stop()`.
    package init(_ react: @escaping @Sendable (Received) -> Reaction) throws {
        (listener, port) = try Socket.bound(listening: true)
        self.react = react
        thread { self.accept() }
    }

    /// Every request so far, in the order of their arrival.
    package var requests: [Received] { state.withLock { $0.requests } }

    /// How many connections there were.
    package var connectionCount: Int { state.withLock { $0.connectionCount } }

    /// How many requests were unanswered at the same time, at most.
    package var mostAtOnce: Int { state.withLock { $0.mostAtOnce } }

    /// Ends all connections and listens no more.
    package func stop() {
        state.withLock { state in
            state.isStopped = true
            for connection in state.connections { shutdown(connection, Int32(SHUT_RDWR)) }
        }
        shutdown(listener, Int32(SHUT_RDWR))
    }

    private func accept() {
        while let connection = Socket.accepted(listener) {
            let id: Int? = state.withLock { state in
                guard !state.isStopped else { return nil }
                state.connections.insert(connection)
                state.connectionCount += 1
                return state.connectionCount
            }
            guard let id else {
                Glibc.close(connection)
                break
            }
            thread {
                self.serve(connection, id)
                self.state.withLock { _ = $0.connections.remove(connection) }
                Glibc.close(connection)
            }
        }
        Glibc.close(listener)
    }

    private func serve(_ connection: Int32, _ id: Int) {
        var reader = RequestReader(connection)
        var number = 0
        while let (head, body) = reader.next() {
            number += 1
            let received = Received(connection: id, number: number, head: head, body: body)
            state.withLock { state in
                state.requests.append(received)
                state.atOnce += 1
                state.mostAtOnce = max(state.mostAtOnce, state.atOnce)
            }
            let reaction = react(received)
            state.withLock { $0.atOnce -= 1 }
            switch reaction {
            case .answer(let text): Socket.send(text, connection)
            case .answerAndClose(let text):
                Socket.send(text, connection)
                return
            case .close: return
            case .reset:
                Socket.tearDown(connection)
                return
            case .hang:
                Socket.drain(connection)
                return
            case .tunnel(let text, let port):
                Socket.send(text, connection)
                Socket.join(connection, port)
                return
            }
        }
    }
}

/// A port on 127.0.0.1 where nobody listens, for as long as it is kept.
package final class ClosedPort: Sendable {
    /// Its number.
    package let port: UInt16
    private let descriptor: Int32

    /// Keeps a free port.
    package init() throws {
        (descriptor, port) = try Socket.bound(listening: false)
    }

    deinit { Glibc.close(descriptor) }
}

/// Reads requests with a Content-Length, or with no body.
private struct RequestReader {
    let connection: Int32
    var unread: [UInt8] = []

    init(_ connection: Int32) { self.connection = connection }

    mutating func next() -> (String, [UInt8])? {
        while true {
            if let end = unread.indices.dropLast(3).first(where: {
                unread[$0...].starts(with: [13, 10, 13, 10])
            }) {
                let head = String(decoding: unread[..<end], as: UTF8.self)
                let length = Self.length(head)
                while unread.count < end + 4 + length {
                    guard receive() else { return nil }
                }
                let body = Array(unread[(end + 4)..<(end + 4 + length)])
                unread.removeFirst(end + 4 + length)
                return (head, body)
            }
            guard receive() else { return nil }
        }
    }

    private mutating func receive() -> Bool {
        guard let bytes = Socket.receive(connection) else { return false }
        unread += bytes
        return true
    }

    private static func length(_ head: String) -> Int {
        let prefix = "content-length:"
        let line = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix(prefix) }
        return line.flatMap { Int($0.dropFirst(prefix.count).filter { $0 != " " }) } ?? 0
    }
}
