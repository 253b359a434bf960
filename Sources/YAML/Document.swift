import CYAML

/// A YAML document, read by libyaml.
package enum Document {
    /// The root of the one document in `bytes`, or nil when there is none.
    package static func parse(_ bytes: [UInt8]) throws(YAMLError) -> Node? {
        if let end = endOfValidUTF8(bytes) {
            throw YAMLError(problem: "this is not UTF-8", mark: Mark(after: bytes[..<end]))
        }
        // libyaml keeps the parser's address, so it must not move.
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        defer { parser.deallocate() }
        guard yaml_parser_initialize(parser) == 1 else {
            throw YAMLError(problem: "out of memory", mark: Mark(line: 1, column: 1))
        }
        defer { yaml_parser_delete(parser) }
        let result = bytes.withUnsafeBufferPointer { input -> Result<Node?, YAMLError> in
            yaml_parser_set_input_string(parser, input.baseAddress, input.count)
            do throws(YAMLError) {
                return .success(try Composer(parser: parser, bytes: bytes).document())
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// How many bytes come before the first that is no UTF-8; nil when all are.
    private static func endOfValidUTF8(_ bytes: [UInt8]) -> Int? {
        var parser = Unicode.UTF8.ForwardParser()
        var rest = bytes.makeIterator()
        var count = 0
        while true {
            switch parser.parseScalar(from: &rest) {
            case .valid(let scalar): count += scalar.count
            case .error: return count
            case .emptyInput: return nil
            }
        }
    }
}

/// Builds nodes from libyaml's events.
///
/// libyaml could compose them itself, but then anchors and the tags of strings are lost, and all
/// of the text is read before anybody sees how deeply it is nested, in time that grows with the
/// square of the depth.
private struct Composer {
    let parser: UnsafeMutablePointer<yaml_parser_t>
    let bytes: [UInt8]

    /// At most 32 levels; a configuration has six.
    private static let maximumDepth = 32

    private enum Event {
        case documentStart(Mark)
        case scalar(Scalar)
        case sequenceStart(Mark)
        case mappingStart(Mark)
        /// The end of a sequence or mapping.
        case end
        /// What has no node: where the stream and a document begin or end.
        case other
    }

    /// The root of the one document, or nil when there is none.
    func document() throws(YAMLError) -> Node? {
        _ = try next()  // the stream begins
        guard case .documentStart = try next() else { return nil }
        let root = try node(try next(), depth: 0)
        _ = try next()  // the document ends
        if case .documentStart(let mark) = try next() {
            throw YAMLError(
                problem: "a second document begins here; one is expected", mark: mark)
        }
        return root
    }

    private func node(_ event: Event, depth: Int) throws(YAMLError) -> Node {
        switch event {
        case .scalar(let scalar):
            try require(depth < Self.maximumDepth, "nested too deeply", scalar.mark)
            return .scalar(scalar)
        case .sequenceStart(let mark):
            try require(depth < Self.maximumDepth, "nested too deeply", mark)
            return .sequence(try items(depth: depth + 1), mark)
        case .mappingStart(let mark):
            try require(depth < Self.maximumDepth, "nested too deeply", mark)
            return .mapping(try pairs(depth: depth + 1), mark)
        case .documentStart, .end, .other:
            preconditionFailure("libyaml gave an event out of order")
        }
    }

    private func items(depth: Int) throws(YAMLError) -> [Node] {
        var items: [Node] = []
        while true {
            let event = try next()
            if case .end = event { return items }
            items.append(try node(event, depth: depth))
        }
    }

    private func pairs(depth: Int) throws(YAMLError) -> [(key: Scalar, value: Node)] {
        var pairs: [(key: Scalar, value: Node)] = []
        var seen: Set<String> = []
        while true {
            let event = try next()
            if case .end = event { return pairs }
            let keyNode = try node(event, depth: depth)
            guard case .scalar(let key) = keyNode else {
                throw YAMLError(problem: "a key must be a plain word", mark: keyNode.mark)
            }
            try require(key.text != "<<", "merge keys are not read here", key.mark)
            try require(seen.insert(key.text).inserted, "`\(key.text)` is here twice", key.mark)
            pairs.append((key, try node(try next(), depth: depth)))
        }
    }

    private func next() throws(YAMLError) -> Event {
        var raw = yaml_event_t()
        guard yaml_parser_parse(parser, &raw) == 1 else { throw failure }
        defer { yaml_event_delete(&raw) }
        let mark = Mark(raw.start_mark)
        switch raw.type {
        case YAML_DOCUMENT_START_EVENT: return .documentStart(mark)
        case YAML_SCALAR_EVENT:
            let scalar = raw.data.scalar
            try refuse(anchor: scalar.anchor, tag: scalar.tag, mark)
            let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            return .scalar(
                Scalar(
                    text: String(decoding: bytes, as: UTF8.self),
                    isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE, mark: mark))
        case YAML_SEQUENCE_START_EVENT:
            let sequence = raw.data.sequence_start
            try refuse(anchor: sequence.anchor, tag: sequence.tag, mark)
            return .sequenceStart(mark)
        case YAML_MAPPING_START_EVENT:
            let mapping = raw.data.mapping_start
            try refuse(anchor: mapping.anchor, tag: mapping.tag, mark)
            return .mappingStart(mark)
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: return .end
        case YAML_ALIAS_EVENT:
            throw YAMLError(problem: "anchors and aliases are not read here", mark: mark)
        default: return .other
        }
    }

    private func refuse(
        anchor: UnsafeMutablePointer<yaml_char_t>?, tag: UnsafeMutablePointer<yaml_char_t>?,
        _ mark: Mark
    ) throws(YAMLError) {
        try require(anchor == nil, "anchors and aliases are not read here", mark)
        try require(tag == nil, "tags are not read here", mark)
    }

    private func require(
        _ holds: Bool, _ problem: @autoclosure () -> String, _ mark: Mark
    ) throws(YAMLError) {
        guard holds else { throw YAMLError(problem: problem(), mark: mark) }
    }

    /// Why libyaml stopped.
    private var failure: YAMLError {
        let problem = parser.pointee.problem.map { String(cString: $0) } ?? "out of memory"
        let context = parser.pointee.context.map { String(cString: $0) + ": " } ?? ""
        // Its reader is ahead of the lines and knows an offset only.
        let mark =
            parser.pointee.error == YAML_READER_ERROR
            ? Mark(after: bytes.prefix(parser.pointee.problem_offset))
            : Mark(parser.pointee.problem_mark)
        return YAMLError(problem: context + problem, mark: mark)
    }
}

extension Mark {
    fileprivate init(_ mark: yaml_mark_t) {
        self.init(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }

    /// The place after a part of the text.
    fileprivate init(after text: ArraySlice<UInt8>) {
        let lines = text.split(separator: 0x0a, omittingEmptySubsequences: false)
        let column = lines.last.map { String(decoding: $0, as: UTF8.self).unicodeScalars.count }
        self.init(line: lines.count, column: (column ?? 0) + 1)
    }
}
