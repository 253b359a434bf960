import FlyingSocks

/// Reads HTTP/1.1 requests, one after the other, from a connection that may be kept alive.
struct RequestReader {
    private let socket: AsyncSocket
    private var buffer: [UInt8] = []

    /// Most bytes of a head, and of a body.
    static let headLimit = 65_536
    static let bodyLimit = 1_048_576

    init(socket: AsyncSocket) {
        self.socket = socket
    }

    /// A request that cannot be read; the connection is of no use afterwards.
    struct Unreadable: Error {
        let status: Int
    }

    /// The next request; throws when the client closes the connection, or sends what is not one.
    mutating func next() async throws -> Request {
        var searched = 0
        var end = Self.endOfHead(buffer, from: 0)
        while end == nil {
            guard buffer.count <= Self.headLimit else { throw Unreadable(status: 431) }
            searched = max(0, buffer.count - 3)
            buffer += try await socket.read(atMost: 4096)
            end = Self.endOfHead(buffer, from: searched)
        }
        guard let end, let head = Head(buffer[..<end]) else { throw Unreadable(status: 400) }
        buffer.removeFirst(end + 4)
        guard head.headers["transfer-encoding"] == nil else { throw Unreadable(status: 411) }
        guard let length = Int(head.headers["content-length"] ?? "0"), length >= 0 else {
            throw Unreadable(status: 400)
        }
        guard length <= Self.bodyLimit else { throw Unreadable(status: 413) }
        if buffer.count < length, head.headers["expect"]?.lowercased() == "100-continue" {
            try await socket.write(.init("HTTP/1.1 100 Continue\r\n\r\n".utf8))
        }
        while buffer.count < length { buffer += try await socket.read(atMost: 4096) }
        let body = Array(buffer[..<length])
        buffer.removeFirst(length)
        return Request(
            method: head.method, target: head.target, headers: head.headers, body: body)
    }

    private static func endOfHead(_ bytes: [UInt8], from start: Int) -> Int? {
        guard bytes.count >= start + 4 else { return nil }
        return (start...(bytes.count - 4)).first { index in
            bytes[index] == 13 && bytes[index + 1] == 10 && bytes[index + 2] == 13
                && bytes[index + 3] == 10
        }
    }

    /// Request line and headers.
    private struct Head {
        let method: String
        let target: String
        let headers: [String: String]

        init?(_ bytes: ArraySlice<UInt8>) {
            let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n")
            let words = lines.first?.split(separator: " ") ?? []
            guard words.count == 3, words[2].hasPrefix("HTTP/1.") else { return nil }
            method = String(words[0])
            target = String(words[1])
            var headers: [String: String] = [:]
            for line in lines.dropFirst() {
                guard let colon = line.firstIndex(of: ":") else { return nil }
                let value = line[line.index(after: colon)...]
                    .drop { $0 == " " || $0 == "\t" }
                headers[line[..<colon].lowercased()] = String(value)
            }
            self.headers = headers
        }
    }
}
