/// The emulator's own surface, `/_emulator/…`, for other processes. Never counted, never faulty.
///
///     GET    /_emulator/state      organizations with everything in them, secrets included; counts
///     GET    /_emulator/requests   the log
///     GET    /_emulator/settings   all settings
///     PATCH  /_emulator/settings   changes those named (POST does the same)
///     GET    /_emulator/faults     those not used up
///     POST   /_emulator/faults     adds one, or a list of them
///     DELETE /_emulator/faults     takes all away
///     POST   /_emulator/clock      {"advance_ms": 30000}
extension Emulator {
    static let controlPath = "/_emulator/"

    /// Answers a request under `/_emulator/`.
    func control(_ request: Request) -> Response {
        let body = try? JSON(reading: request.body)  // a body that is none is refused below
        let path = request.path.dropFirst(Self.controlPath.count)
        switch (request.method, path, body) {
        case ("GET", "state", _): return .json(200, withService { $0.json(at: $1) })
        case ("GET", "requests", _): return .json(200, .array(tally.log.map(\.json)))
        case ("GET", "settings", _): return settingsAnswer
        case ("PATCH", "settings", let patch?), ("POST", "settings", let patch?):
            do {
                try withService { service, _ in
                    service.settings = try service.settings.patched(by: patch)
                }
                return settingsAnswer
            } catch {
                return .json(400, ["error": "\(error)"])
            }
        case ("GET", "faults", _): return .json(200, .array(faults.map(\.json)))
        case ("POST", "faults", let json?):
            do throws(Fault.ReadingError) {
                var added: [Fault] = []
                for element in json.elements ?? [json] { added.append(try Fault(element)) }
                for fault in added { inject(fault) }
                return .json(200, .array(faults.map(\.json)))
            } catch {
                return .json(400, ["error": "\(error)"])
            }
        case ("DELETE", "faults", _):
            removeFaults()
            return .json(200, [])
        case ("POST", "clock", let json?):
            guard let ms = json["advance_ms"]?.integer else {
                return .json(400, ["error": "advance_ms"])
            }
            advanceClock(ms: ms)
            return .json(200, ["now_ms": .int(nowMs)])
        default: return .json(404, ["error": "no such control"])
        }
    }

    private var settingsAnswer: Response {
        do {
            return .json(200, try settings.json)
        } catch {
            return .json(500, ["error": "settings"])
        }
    }
}

extension Tally.LogEntry {
    /// For `GET /_emulator/requests`.
    var json: JSON {
        [
            "operation": operation.map { .string($0.rawValue) } ?? .null,
            "method": .string(method), "path": .string(path), "at_ms": .int(at.ms),
            "status": status.map { .int(Int64($0)) } ?? .null, "committed": .bool(isCommitted),
            "user_agent": userAgent.map { .string($0) } ?? .null,
            "version": version.map { .string($0) } ?? .null,
        ]
    }
}
