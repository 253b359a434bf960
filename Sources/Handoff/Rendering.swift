import OpenSSL
import Rotations
import Secrets

/// Writes a payload down as a destination wants it. The text is made in secure memory.
package enum Rendering {
    /// The payload in one of the formats of CONTRACT.md.
    /// - Parameter kind: the `kind` of a line of `--json`, which no destination receives.
    package static func render(
        _ payload: borrowing Payload, as format: PayloadFormat, kind: String? = nil
    ) throws(Unfit) -> SecretBytes {
        do throws(OpenSSLError) {
            switch format {
            case .raw: return try payload.credential.value.copy()
            case .env: return try env(payload)
            case .json: return try json(payload, kind: kind)
            case .template(let template): return try fill(template, with: payload)
            }
        } catch .invalidLength {
            if case .template = format {
                throw Unfit(
                    .valueUnfit, "a value cannot stand in this template as it is",
                    hint: "give its placeholder an escape, such as {{client_secret|json}}")
            }
            throw Unfit(
                .valueUnfit, "the value cannot be written as an env file",
                hint: "use format: json for this destination")
        } catch {
            throw Unfit(.vaultFailed, "no secure memory is left")
        }
    }

    // MARK: env

    private static func env(_ payload: borrowing Payload) throws(OpenSSLError) -> SecretBytes {
        let clientID = payload.credential.reference.clientID ?? ""
        let names = payload.names
        let length = payload.credential.value.count + clientID.utf8.count
        var text = try SecretBytes(capacity: length + 256)
        switch payload.label.kind {
        case .serviceAccount:
            try append(names.clientID, clientID.utf8Span.span, to: &text)
            try append(names.clientSecret, payload.credential.value.bytes, to: &text)
        case .apiKey:
            try append(names.apiKey, payload.credential.value.bytes, to: &text)
        }
        return text
    }

    /// One `NAME=value` line: bare where every reader agrees on the value, else in single quotes.
    private static func append(
        _ name: String, _ value: Span<UInt8>, to text: inout SecretBytes
    ) throws(OpenSSLError) {
        text.append(plain: name + "=")
        try append(environmentValue: value, to: &text)
        text.append(0x0a)
    }

    private static func append(
        environmentValue value: Span<UInt8>, to text: inout SecretBytes
    ) throws(OpenSSLError) {
        var isBare = !value.isEmpty
        for index in value.indices {
            // No quoting of these is read the same by a shell, by systemd and by dotenv libraries.
            guard value[index] >= 0x20, value[index] < 0x7f, value[index] != UInt8(ascii: "'"),
                value[index] != UInt8(ascii: "\""), value[index] != UInt8(ascii: "\\")
            else { throw .invalidLength }
            isBare = isBare && isBareByte(value[index])
        }
        if !isBare { text.append(UInt8(ascii: "'")) }
        text.append(value)
        if !isBare { text.append(UInt8(ascii: "'")) }
    }

    /// `[A-Za-z0-9_./+=:@%~-]`
    private static func isBareByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "_./+=:@%~-".utf8.contains(byte)
        }
    }

    // MARK: json

    private static func json(
        _ payload: borrowing Payload, kind: String?
    ) throws(OpenSSLError) -> SecretBytes {
        let clientID = payload.credential.reference.clientID ?? ""
        let length =
            payload.credential.value.count + clientID.utf8.count + payload.label.name.utf8.count
        var text = try SecretBytes(capacity: 6 * length + 256)
        text.append(plain: "{")
        switch payload.label.kind {
        case .serviceAccount:
            text.append(plain: #""client_id":"#)
            quote(clientID.utf8Span.span, into: &text)
            text.append(plain: #","client_secret":"#)
        case .apiKey:
            text.append(plain: #""api_key":"#)
        }
        quote(payload.credential.value.bytes, into: &text)
        if let kind { text.append(plain: #","kind":"\#(kind)""#) }
        text.append(plain: #","name":"#)
        quote(payload.label.name.utf8Span.span, into: &text)
        text.append(plain: #","version":\#(payload.label.version)}"#)
        text.append(0x0a)
        return text
    }

    private static func quote(_ value: Span<UInt8>, into text: inout SecretBytes) {
        text.append(UInt8(ascii: "\""))
        text.append(jsonEscaped: value)
        text.append(UInt8(ascii: "\""))
    }
}

// MARK: Templates

extension Rendering {
    private static func fill(
        _ template: PayloadTemplate, with payload: borrowing Payload
    ) throws(OpenSSLError) -> SecretBytes {
        let clientID = payload.credential.reference.clientID ?? ""
        let longest = max(
            payload.credential.value.count, clientID.utf8.count, payload.label.name.utf8.count, 20)
        // The longest escape writes six bytes for one.
        var text = try SecretBytes(
            capacity: template.text.utf8.count + template.parts.count * (6 * longest + 4))
        for part in template.parts {
            switch part {
            case .text(let plain): text.append(plain: plain)
            case .field(.clientSecret, let escape), .field(.apiKey, let escape):
                try append(payload.credential.value.bytes, escape, to: &text)
            case .field(.clientID, let escape):
                try append(clientID.utf8Span.span, escape, to: &text)
            case .field(.name, let escape):
                try append(payload.label.name.utf8Span.span, escape, to: &text)
            case .field(.version, _): text.append(plain: String(payload.label.version))
            }
        }
        return text
    }

    private static func append(
        _ value: Span<UInt8>, _ escape: PayloadTemplate.Escape?, to text: inout SecretBytes
    ) throws(OpenSSLError) {
        switch escape {
        case .json: text.append(jsonEscaped: value)
        case .env: try append(environmentValue: value, to: &text)
        case .base64: text.append(base64: value)
        case .percent: text.append(percentEncoded: value)
        case .xml:
            try requireNoControl(in: value)
            for index in value.indices {
                switch value[index] {
                case UInt8(ascii: "&"): text.append(plain: "&amp;")
                case UInt8(ascii: "<"): text.append(plain: "&lt;")
                case UInt8(ascii: ">"): text.append(plain: "&gt;")
                case UInt8(ascii: "\""): text.append(plain: "&quot;")
                case UInt8(ascii: "'"): text.append(plain: "&#39;")
                default: text.append(value[index])
                }
            }
        case nil:
            // A line break would begin a line of its own in whatever this is.
            try requireNoControl(in: value)
            text.append(value)
        }
    }

    private static func requireNoControl(in value: Span<UInt8>) throws(OpenSSLError) {
        for index in value.indices where value[index] < 0x20 || value[index] == 0x7f {
            throw .invalidLength
        }
    }
}

// MARK: Reading back

extension Rendering {
    /// The value in contents that were written in one of the formats; nil when there is none.
    /// Out of a template nothing is read: what stands around a value may have been edited.
    package static func value(
        in contents: borrowing SecretBytes, as format: PayloadFormat, of kind: Target.Kind,
        names: EnvironmentNames
    ) -> SecretBytes? {
        switch format {
        case .raw: return contents.isEmpty ? nil : try? contents.copy()  // no memory: no value
        case .json:
            let key = kind == .apiKey ? "api_key" : "client_secret"
            return SecretJSON.secret([key], in: contents.bytes)
        case .env:
            return assigned(kind == .apiKey ? names.apiKey : names.clientSecret, contents.bytes)
        case .template: return nil
        }
    }

    /// The value of a `NAME=value` line, out of its single quotes.
    private static func assigned(_ name: String, _ text: Span<UInt8>) -> SecretBytes? {
        let prefix = Array((name + "=").utf8)
        var start = 0
        while start < text.count {
            var end = start
            while end < text.count, text[end] != 0x0a { end += 1 }
            let isWanted =
                end - start > prefix.count
                && prefix.indices.allSatisfy { text[start + $0] == prefix[$0] }
            if isWanted {
                var (first, last) = (start + prefix.count, end)
                let quote = UInt8(ascii: "'")
                if last - first > 1, text[first] == quote, text[last - 1] == quote {
                    (first, last) = (first + 1, last - 1)
                }
                return try? SecretBytes(copying: text.extracting(first..<last))  // as above
            }
            start = end + 1
        }
        return nil
    }
}
