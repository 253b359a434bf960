import OpenSSL
import Secrets

/// The methods that are used.
package enum Method: String, Hashable, Sendable, CaseIterable {
    /// Reads.
    case get = "GET"
    /// Makes, or does.
    case post = "POST"
    /// Replaces.
    case put = "PUT"
    /// Changes in part.
    case patch = "PATCH"
    /// Removes.
    case delete = "DELETE"
}

/// Whether a request may arrive twice.
package enum Repeatability: Hashable, Sendable {
    /// It mints: it is sent once at most, over a connection of its own.
    case once
    /// Arriving twice does no harm: the transport may send it again when a connection that was
    /// left open turns out to be dead.
    case freely
}

/// One request, and all the memory that it and its answer will need.
///
/// Whatever can fail on this side fails when it is made. So it can be made before an intent is
/// committed, and sent after.
package struct Request: ~Copyable, Sendable {
    let method: Method
    let endpoint: Endpoint
    let repeatability: Repeatability
    let lines: SecretBytes
    let body: Body?
    let answer: SecretBytes

    /// A request whose answer may have up to `responseCapacity` bytes of body.
    package init(
        _ method: Method, _ endpoint: Endpoint, headers: [Header] = [],
        authorization: borrowing Authorization? = nil, body: consuming Body? = nil,
        repeatable repeatability: Repeatability, responseCapacity: Int
    ) throws(RequestError) {
        let type = Self.contentType(body).map { [Header("Content-Type", $0)] } ?? []
        let lines = try HeaderLines.written(headers + type, authorization)
        let answer = try withSecureMemory { () throws(OpenSSLError) in
            try SecretBytes(capacity: responseCapacity)
        }
        self.lines = lines
        self.answer = answer
        self.body = body
        self.method = method
        self.endpoint = endpoint
        self.repeatability = repeatability
    }

    private static func contentType(_ body: borrowing Body?) -> String? {
        switch body {
        case .some(let body): body.contentType
        case nil: nil
        }
    }
}

/// What a request carries.
package struct Body: ~Copyable, Sendable {
    let bytes: SecretBytes
    let contentType: String

    /// A body that holds a secret.
    package init(_ secret: consuming SecretBytes, contentType: String = "application/json") {
        bytes = secret
        self.contentType = contentType
    }

    /// A body that holds none.
    package init(
        plain bytes: [UInt8], contentType: String = "application/json"
    ) throws(RequestError) {
        self.bytes = try withSecureMemory { () throws(OpenSSLError) in
            try SecretBytes(copying: bytes.span)
        }
        self.contentType = contentType
    }
}

/// Why a request could not be made. No value of a header is repeated.
package enum RequestError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The secure heap is full, or could not be made.
    case noSecureMemory
    /// The header's name or value has a character that would end it.
    case headerInvalid(name: String)
    /// The credential is empty, or has a character that no credential has.
    case credentialInvalid

    /// One sentence, for a message.
    package var description: String {
        switch self {
        case .noSecureMemory: "no secure memory is left for a request and its answer"
        case .headerInvalid(let name): "the header \(name) has a value that cannot be sent"
        case .credentialInvalid: "the credential is empty or has characters that cannot be sent"
        }
    }
}

func withSecureMemory<Value: ~Copyable>(
    _ make: () throws(OpenSSLError) -> Value
) throws(RequestError) -> Value {
    do {
        return try make()
    } catch {
        throw .noSecureMemory
    }
}
