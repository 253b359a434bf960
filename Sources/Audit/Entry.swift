import Rotations

/// An event as a leaf of the audit trail: the exact bytes that are stored, hashed and exported.
package struct Entry: Hashable, Sendable {
    /// The canonical JSON, at most 16 KiB.
    package let leaf: [UInt8]
    package let type: EventType
    /// The columns that queries use.
    package let projection: Projection
    /// The members of the leaf, for reading.
    package let members: [String: JSON]

    /// The longest leaf in bytes.
    package static let maximumByteCount = 16 << 10

    /// What is copied from the leaf into columns, and derived again by `verify`.
    package struct Projection: Hashable, Sendable {
        /// The index of the leaf.
        package let sequence: Int
        package let time: Timestamp
        package let type: String
        package let secretID: String?
        package let rotationID: String?
        package let runID: String?
        package let outcome: String?

        package init(
            sequence: Int, time: Timestamp, type: String, secretID: String?, rotationID: String?,
            runID: String?, outcome: String?
        ) {
            self.sequence = sequence
            self.time = time
            self.type = type
            self.secretID = secretID
            self.rotationID = rotationID
            self.runID = runID
            self.outcome = outcome
        }

        /// Byte by byte: Swift's strings are equal when they are canonically equivalent, and a
        /// column that only looks like its entry would hide from every filter.
        package static func == (left: Projection, right: Projection) -> Bool {
            func same(_ left: String?, _ right: String?) -> Bool {
                if let left, let right {
                    left.utf8.elementsEqual(right.utf8)
                } else {
                    left == nil && right == nil
                }
            }
            return left.sequence == right.sequence && left.time == right.time
                && same(left.type, right.type) && same(left.secretID, right.secretID)
                && same(left.rotationID, right.rotationID) && same(left.runID, right.runID)
                && same(left.outcome, right.outcome)
        }
    }

    /// The circumstances that all events of one invocation share.
    package struct Context: Sendable {
        package let actor: Actor
        /// The invocation.
        package let run: Identifier
        /// Name and version of the program.
        package let tool: String

        package init(actor: Actor, run: Identifier, tool: String) {
            self.actor = actor
            self.run = run
            self.tool = tool
        }
    }

    /// Makes the entry that stands at `sequence`.
    package init(_ event: Event, sequence: Int, at time: Timestamp, in context: Context) {
        var members = event.members
        members["v"] = .integer(1)
        members["seq"] = .integer(Int64(sequence))
        members["time"] = .string(time.rfc3339)
        members["type"] = .string(event.type.rawValue)
        members["actor"] = context.actor.json
        members["run"] = .string(context.run.text)
        members["tool"] = .string(context.tool)
        self.members = members
        type = event.type
        leaf = JSON.object(members).canonicalBytes
        // Every text that enters an event was bounded where it came in.
        precondition(leaf.count <= Self.maximumByteCount, "an entry is too long")
        projection = Projection(
            sequence: sequence, time: time, type: event.type.rawValue,
            secretID: event.secret?.id.text, rotationID: event.rotation?.text,
            runID: context.run.text, outcome: event.outcome?.rawValue)
    }

    /// Reads a stored leaf. Nil when it is not the canonical text of an entry.
    package init?(leaf: [UInt8]) {
        guard leaf.count <= Self.maximumByteCount,
            let members = try? JSON(canonical: leaf).members,  // whatever is wrong, it is no entry
            members["v"] == .integer(1), let sequence = members["seq"]?.integer, sequence >= 0,
            let timeText = members["time"]?.text, Self.isPlain(time: timeText),
            let time = Timestamp(rfc3339: timeText), let word = members["type"]?.text,
            let type = EventType(rawValue: word)
        else { return nil }
        self.type = type
        self.leaf = leaf
        self.members = members
        projection = Projection(
            sequence: Int(sequence), time: time, type: word,
            secretID: members["secret"]?.members?["id"]?.text,
            rotationID: members["rotation"]?.text, runID: members["run"]?.text,
            outcome: members["outcome"]?.text)
    }

    /// Whether a time is written as we write it: milliseconds, `Z`, no leap second. Writing it again
    /// would say the same, and takes longer than everything else about an entry.
    private static func isPlain(time text: String) -> Bool {
        let bytes = Array(text.utf8)
        return bytes.count == 24 && bytes[10] == UInt8(ascii: "T")
            && bytes[19] == UInt8(ascii: ".") && bytes[23] == UInt8(ascii: "Z")
            && bytes[17] != UInt8(ascii: "6")
    }

    /// The hash that stands in the tree.
    package var hash: [UInt8] { MerkleTree.leafHash(leaf.span) }
}

extension Event {
    /// The members of the leaf that come from the event; absent fields are left out.
    fileprivate var members: [String: JSON] {
        var members: [String: JSON] = [:]
        func put(_ key: String, _ value: JSON?) { members[key] = value }
        func put(_ key: String, _ text: String?) { members[key] = text.map(JSON.string) }
        func put(_ key: String, _ number: Int?) {
            members[key] = number.map { .integer(Int64($0)) }
        }
        func put(_ key: String, _ bytes: [UInt8]?) { put(key, bytes.map(hexadecimal)) }
        put(
            "secret",
            secret.map { .object(["id": .string($0.id.text), "name": .string($0.name)]) })
        put(
            "target",
            target.map {
                .object(["id": .string($0.providerID), "kind": .string($0.kind.rawValue)])
            })
        put("version", version)
        put("rotation", rotation?.text)
        put("step", step?.rawValue)
        put("effect", effect?.text)
        put("outcome", outcome?.rawValue)
        put("cause", cause?.rawValue)
        put("status", status)
        put("verdict", verdict?.rawValue)
        put("trigger", trigger?.rawValue)
        put("reason", reason)
        put("ticket", ticket)
        put("connection", connection)
        put("admin", admin)
        put("policy", policy)
        put("destination", destination)
        put("required", isRequired.map(JSON.boolean))
        put("hook", hook?.json)
        put("fingerprint", fingerprint)
        put("record_sha256", record)
        put("before_sha256", digestBefore)
        put("after_sha256", digestAfter)
        put("anchor", anchor)
        put("key", key)
        put("size", size)
        put("root", root)
        put("note", note)
        put("until", until?.rfc3339)
        put("time_to_death_ms", timeToDeathMilliseconds.map(JSON.integer))
        put("schema", schemaVersion)
        put("clock_offset_ms", clockOffsetMilliseconds.map(JSON.integer))
        put("incident", incident?.text)
        put("selector", selector)
        put("exported", exported?.rawValue)
        put("schedule", schedule)
        put("max_age_s", (maxAge?.seconds).map(JSON.integer))
        put("strategy", strategy?.rawValue)
        put("rotated_at", rotatedAt?.rfc3339)
        put("due", due?.rfc3339)
        put("report", report?.json)
        put("action", action?.rawValue)
        put("provider_name", providerName)
        put("new_name", newName)
        put("roles", rights.map { .array($0.prefix(100).map { .string($0.text) }) })
        put("rows_sha256", rows)
        put("state_rows_sha256", stateRows)
        return members
    }
}

extension ReportReference {
    fileprivate var json: JSON {
        var members: [String: JSON] = [
            "format": .string(format.rawValue), "from": .string(from.rfc3339),
            "to": .string(to.rfc3339), "size": .integer(Int64(size)), "whole": .boolean(isWhole),
            "sha256": .string(hexadecimal(digest)),
        ]
        members["label"] = label.map(JSON.string)
        return .object(members)
    }
}

extension HookReport {
    fileprivate var json: JSON {
        var members: [String: JSON] = [
            "ms": .integer(Int64(milliseconds)),
            "output_bytes": .integer(Int64(outputByteCount)),
            "stdout_sha256": .string(standardOutputHash),
            "stderr_sha256": .string(standardErrorHash),
        ]
        members["exit"] = exit.map { .integer(Int64($0)) }
        members["signal"] = signal.map { .integer(Int64($0)) }
        return .object(members)
    }
}

extension Actor {
    fileprivate var json: JSON {
        var members: [String: JSON] = [
            "uid": .integer(Int64(uid)), "host": .string(host), "pid": .integer(Int64(pid)),
        ]
        members["login_uid"] = loginUID.map { .integer(Int64($0)) }
        members["user"] = user.map(JSON.string)
        members["invocation"] = invocation.map(JSON.string)
        members["claimed"] = claimedSudoUser.map { .object(["sudo_user": .string($0)]) }
        return .object(members)
    }
}

/// Lower-case hexadecimal digits.
package func hexadecimal(_ bytes: [UInt8]) -> String {
    var digits: [UInt8] = []
    digits.reserveCapacity(2 * bytes.count)
    func append(_ half: UInt8) {
        digits.append(half < 10 ? UInt8(ascii: "0") + half : UInt8(ascii: "a") + half - 10)
    }
    for byte in bytes {
        append(byte >> 4)
        append(byte & 15)
    }
    return String(decoding: digits, as: UTF8.self)
}
