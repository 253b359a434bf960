import Audit
import Files
import Processes
import Rotations
import Secrets
import Storage

/// Tells programs of what a run came to, as CloudEvents (https://cloudevents.io, version 1.0.2, JSON
/// format) on standard input, one for each start. Whatever becomes of them is no verdict on the run.
struct Notifications {
    let program: Program
    let store: Store

    /// So many are told by one run to one program; the last then says how many more there were.
    private static let limit = 10

    /// One thing to be told.
    private struct Notice: Hashable {
        let occasion: NotificationSettings.Occasion
        /// The policy's name; nil for what is about none.
        let name: String?
        var cause: String?
        var nextTryAt: Timestamp?

        /// By what it is known that it was told.
        var key: String { "\(occasion.rawValue) \(name ?? "")" }
    }

    /// Tells of a run.
    func tell(_ report: PassReport) async {
        do throws(StorageError) {
            let hooks = try await store.notificationSettings().hooks
            guard !hooks.isEmpty else { return }
            let notices = try await notices(report)
            for (index, hook) in hooks.enumerated() {
                await tell(notices, to: hook, number: index, report)
            }
        } catch {
            program.console.warn("nobody was notified: \(Failure(error).message)")
        }
    }

    private func notices(_ report: PassReport) async throws(StorageError) -> [Notice] {
        var notices: [Notice] = []
        for secret in report.secrets {
            let cause = secret.cause?.rawValue
            let nextTryAt = secret.rotation?.nextTryAt
            if secret.result == .parked {
                notices.append(Notice(occasion: .parked, name: secret.name, cause: cause))
            } else if secret.result == .failed || secret.isDeliveryMissing {
                notices.append(
                    Notice(
                        occasion: .failed, name: secret.name, cause: cause, nextTryAt: nextTryAt))
            } else if secret.result == .done || secret.result == .waiting && secret.cause == nil {
                notices.append(Notice(occasion: .recovered, name: secret.name))
            }
        }
        for name in try await store.overdueNames(at: program.clock.now()) {
            notices.append(Notice(occasion: .overdue, name: name))
        }
        if report.exposed == 0 { notices.append(Notice(occasion: .emergencyFinished, name: nil)) }
        return notices
    }

    private func tell(
        _ notices: [Notice], to hook: NotificationSettings.Hook, number: Int, _ report: PassReport
    ) async {
        let now = program.clock.now()
        var memory = Memory(program.directory, number)
        var due: [Notice] = []
        for notice in notices {
            let isWanted = hook.occasions.contains(notice.occasion)
            guard notice.occasion == .recovered, let name = notice.name else {
                let last = memory.told[notice.key]
                let isNew = last.map { $0.age(at: now).seconds >= hook.pauseSeconds } ?? true
                if isWanted, notice.name == nil || isNew { due.append(notice) }
                continue
            }
            // Well again is what somebody was told of before.
            guard memory.wasTold(name) else { continue }
            if isWanted { due.append(notice) } else { memory.forget(name) }
        }
        guard !due.isEmpty || memory.isChanged else { return }
        for (index, notice) in due.prefix(Self.limit).enumerated() {
            let isLast = index == Self.limit - 1
            let others = isLast ? due.count - Self.limit : 0
            guard await run(hook, notice, others, report, index) else { continue }
            guard let name = notice.name else { continue }
            if notice.occasion == .recovered {
                memory.forget(name)
            } else {
                memory.told[notice.key] = now
            }
        }
        // Without it the same is told again, which does no harm.
        try? memory.keep()
    }

    private func run(
        _ hook: NotificationSettings.Hook, _ notice: Notice, _ others: Int, _ report: PassReport,
        _ index: Int
    ) async -> Bool {
        do throws(ProgramError) {
            try ProgramCheck.check(hook.run[0])
        } catch {
            program.console.warn("\(error.description)")
            return false
        }
        var data: [String: JSON] = ["run": .string(report.run.text)]
        data["name"] = notice.name.map(JSON.string)
        data["cause"] = notice.cause.map(JSON.string)
        data["next_try_at"] = (notice.nextTryAt?.rfc3339).map(JSON.string)
        if others > 0 { data["more"] = .integer(Int64(others)) }
        var event: [String: JSON] = [
            "specversion": .string("1.0"), "id": .string("\(report.run.text)-\(index)"),
            "source": .string("/keyturn" + program.directory.path),
            "type": .string("keyturn.\(notice.occasion.rawValue)"),
            "time": .string(program.clock.now().rfc3339),
            "datacontenttype": .string("application/json"), "data": .object(data),
        ]
        event["subject"] = notice.name.map(JSON.string)
        // Nothing secret: but that is how a program gets its standard input.
        guard
            let input = try? SecretBytes(
                copying: Array((JSON.object(event).canonical + "\n").utf8).span)
        else { return false }
        let ended = await Command(
            program: hook.run[0], arguments: Array(hook.run.dropFirst()),
            timeout: .seconds(hook.timeoutSeconds)
        ).run(input: input)
        if !ended.isSuccess {
            program.console.warn("\(hook.run[0]) was to tell of \(notice.key) and failed")
        }
        return ended.isSuccess
    }

    /// What a program was told of last, and when: a file of the state that may be lost.
    private struct Memory {
        private let path: String
        private let before: [String: Timestamp]
        var told: [String: Timestamp]

        private static let limit = 4 << 20

        init(_ directory: StateDirectory, _ number: Int) {
            path = directory.path + "/notified-\(number)"
            // What cannot be read was not told.
            let bytes = (try? PublicFile.read(path, limit: Self.limit)) ?? []
            var told: [String: Timestamp] = [:]
            for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
                let parts = line.split(separator: " ", maxSplits: 1)
                guard parts.count == 2, let time = Timestamp(rfc3339: String(parts[0])) else {
                    continue
                }
                told[String(parts[1])] = time
            }
            self.told = told
            before = told
        }

        var isChanged: Bool { told != before }

        private static func keys(_ name: String) -> [String] {
            NotificationSettings.Occasion.allCases.map { "\($0.rawValue) \(name)" }
        }

        func wasTold(_ name: String) -> Bool { Self.keys(name).contains { told[$0] != nil } }

        mutating func forget(_ name: String) {
            for key in Self.keys(name) { told[key] = nil }
        }

        func keep() throws(FileError) {
            let text = told.sorted { $0.key < $1.key }.map { "\($0.value.rfc3339) \($0.key)\n" }
                .joined()
            try PlainFile.replace(path, contents: Array(text.utf8).span, mode: 0o600)
        }
    }
}
