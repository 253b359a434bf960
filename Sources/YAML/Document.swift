import CYAML

/// A YAML document, read by libyaml.
package enum Document {
    /// At most 32 levels; a configuration has six.
    private static let maximumDepth = 32

    /// The root of the one document in `bytes`, or nil when there is none.
    package static func parse(_ bytes: [UInt8]) throws(YAMLError) -> Node? {
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
                let root = try loadNext(parser)
                if root != nil, let second = try loadNext(parser) {
                    throw YAMLError(
                        problem: "a second document begins here; one is expected",
                        mark: second.mark)
                }
                return .success(root)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private static func loadNext(
        _ parser: UnsafeMutablePointer<yaml_parser_t>
    ) throws(YAMLError) -> Node? {
        var document = yaml_document_t()
        guard yaml_parser_load(parser, &document) == 1 else {
            let problem = parser.pointee.problem.map { String(cString: $0) } ?? "this is not UTF-8"
            let context = parser.pointee.context.map { String(cString: $0) + ": " } ?? ""
            throw YAMLError(problem: context + problem, mark: Mark(parser.pointee.problem_mark))
        }
        defer { yaml_document_delete(&document) }
        guard let root = yaml_document_get_root_node(&document) else { return nil }
        var visited: Set<UnsafeMutablePointer<yaml_node_t>> = []
        return try node(root, in: &document, depth: 0, visited: &visited)
    }

    private static func node(
        _ raw: UnsafeMutablePointer<yaml_node_t>, in document: inout yaml_document_t, depth: Int,
        visited: inout Set<UnsafeMutablePointer<yaml_node_t>>
    ) throws(YAMLError) -> Node {
        let mark = Mark(raw.pointee.start_mark)
        guard depth < maximumDepth else {
            throw YAMLError(problem: "nested too deeply", mark: mark)
        }
        // libyaml resolves an alias by giving the same node again; a few can grow without bound.
        guard visited.insert(raw).inserted else {
            throw YAMLError(problem: "anchors and aliases are not read here", mark: mark)
        }
        switch raw.pointee.type {
        case YAML_SCALAR_NODE:
            return .scalar(try scalar(raw))
        case YAML_SEQUENCE_NODE:
            try refuseTag(raw, standard: "tag:yaml.org,2002:seq")
            var items: [Node] = []
            var item = raw.pointee.data.sequence.items.start
            while let current = item, current != raw.pointee.data.sequence.items.top {
                items.append(
                    try child(current.pointee, in: &document, depth: depth, visited: &visited))
                item = current + 1
            }
            return .sequence(items, mark)
        case YAML_MAPPING_NODE:
            try refuseTag(raw, standard: "tag:yaml.org,2002:map")
            var pairs: [(key: Scalar, value: Node)] = []
            var seen: Set<String> = []
            var pair = raw.pointee.data.mapping.pairs.start
            while let current = pair, current != raw.pointee.data.mapping.pairs.top {
                let keyNode = try child(
                    current.pointee.key, in: &document, depth: depth, visited: &visited)
                guard case .scalar(let key) = keyNode else {
                    throw YAMLError(problem: "a key must be a plain word", mark: keyNode.mark)
                }
                guard key.text != "<<" else {
                    throw YAMLError(problem: "merge keys are not read here", mark: key.mark)
                }
                guard seen.insert(key.text).inserted else {
                    throw YAMLError(problem: "`\(key.text)` is here twice", mark: key.mark)
                }
                let value = try child(
                    current.pointee.value, in: &document, depth: depth, visited: &visited)
                pairs.append((key, value))
                pair = current + 1
            }
            return .mapping(pairs, mark)
        default:
            throw YAMLError(problem: "this is not understood", mark: mark)
        }
    }

    private static func child(
        _ index: Int32, in document: inout yaml_document_t, depth: Int,
        visited: inout Set<UnsafeMutablePointer<yaml_node_t>>
    ) throws(YAMLError) -> Node {
        guard let raw = yaml_document_get_node(&document, index) else {
            throw YAMLError(problem: "this is not understood", mark: Mark(line: 1, column: 1))
        }
        return try node(raw, in: &document, depth: depth + 1, visited: &visited)
    }

    private static func scalar(
        _ raw: UnsafeMutablePointer<yaml_node_t>
    ) throws(YAMLError) -> Scalar {
        try refuseTag(raw, standard: "tag:yaml.org,2002:str")
        let scalar = raw.pointee.data.scalar
        let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
        return Scalar(
            text: String(decoding: bytes, as: UTF8.self),
            isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE, mark: Mark(raw.pointee.start_mark))
    }

    /// libyaml gives an untagged node the tag of its kind.
    private static func refuseTag(
        _ raw: UnsafeMutablePointer<yaml_node_t>, standard: String
    ) throws(YAMLError) {
        guard let tag = raw.pointee.tag else { return }
        let text = tag.withMemoryRebound(to: CChar.self, capacity: 1) { String(cString: $0) }
        guard text == standard else {
            throw YAMLError(
                problem: "tags such as `\(text)` are not read here",
                mark: Mark(raw.pointee.start_mark))
        }
    }
}

extension Mark {
    fileprivate init(_ mark: yaml_mark_t) {
        self.init(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }
}
