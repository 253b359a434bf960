import Files
import Linux
import Processes
import Rotations
import Secrets

/// Brings secrets to files and commands. CONTRACT.md says what they can rely on.
package struct Destinations: Handoff {
    /// The directory in which files for programs are made.
    let privateBase: String

    /// - Parameter privateBase: a directory in memory; by default one under /run.
    package init(privateBase: String? = nil) {
        self.privateBase = privateBase ?? Self.defaultBase
    }

    /// That of the service (RuntimeDirectory= in the unit), or the user's own (file-hierarchy(7)).
    private static var defaultBase: String {
        let shared = "/run/keyturn"
        guard Caller.effectiveUserID != 0, (try? PrivateFile.check(shared)) == nil else {
            return shared
        }
        return "/run/user/\(Caller.effectiveUserID)"
    }

    /// The largest file that is read back.
    static let limit = 64 << 10

    package func check(_ destination: Destination) async -> Unfit? {
        do throws(Unfit) {
            switch destination.receiver {
            case .file(let terms): try check(terms)
            case .command(let terms): _ = try check(terms)
            }
            return nil
        } catch {
            return error
        }
    }

    package func render(
        _ payload: borrowing Payload, for destination: Destination
    ) throws(Unfit) -> SecretBytes {
        try Rendering.render(payload, as: destination.format)
    }

    package func temporaryName(for destination: Destination, suffix: String) -> String? {
        switch destination.receiver {
        case .file(let terms):
            DestinationFile.temporaryName(for: terms.path, suffix: suffix)
        case .command(let terms):
            terms.via == .file ? PrivateFile.place(in: privateBase, suffix: suffix) : nil
        }
    }

    package func deliver(
        _ contents: borrowing SecretBytes, as label: PayloadLabel, to destination: Destination,
        temporary: String?, started: @Sendable (String) async -> Void
    ) async -> DeliveryResult {
        switch destination.receiver {
        case .file(let terms):
            do throws(Unfit) {
                try write(contents, to: terms, temporary: temporary)
                return .done(nil)
            } catch {
                return .failed(error, nil)
            }
        case .command(let terms):
            return await run(
                terms, contents, as: label, place: temporary, started: started)
        }
    }

    /// Goes the way of a delivery with contents that are no secret, and changes nothing that a
    /// consumer reads: a file is written beside its place and removed, a command is told by
    /// `KEYTURN_REHEARSAL=1`.
    package func rehearse(
        _ contents: borrowing SecretBytes, as label: PayloadLabel, to destination: Destination
    ) async -> DeliveryResult {
        switch destination.receiver {
        case .file(let terms):
            do throws(Unfit) {
                let file = try file(terms)
                do throws(FileError) {
                    try file.rehearse(
                        with: contents,
                        temporaryName: DestinationFile.temporaryName(
                            for: terms.path, suffix: "rehearsal"))
                } catch {
                    throw Unfit(error)
                }
                return .done(nil)
            } catch {
                return .failed(error, nil)
            }
        case .command(let terms):
            return await run(
                terms, contents, as: label, besides: ["KEYTURN_REHEARSAL": "1"],
                place: temporaryName(for: destination, suffix: "rehearsal"), started: { _ in })
        }
    }

    package func readBack(_ destination: Destination) async -> SecretBytes? {
        guard case .file(let terms) = destination.receiver else { return nil }
        // Whatever hides the file, what it holds is not known.
        return (try? file(terms).readBack(limit: Self.limit)) ?? nil
    }

    package func clearAway(
        _ destination: Destination, temporary: String?, process: String?
    ) async {
        // A name of another form is not ours, whoever wrote it into the row.
        if case .file(let terms) = destination.receiver, let temporary,
            DestinationFile.isTemporaryName(temporary)
        {
            // A leftover that cannot be removed shows again as a destination that is not fit.
            _ = try? file(terms).removeTemporary(named: temporary)
        }
        if let process, let identity = ProcessIdentity(process) {
            // If it cannot be ended, the time limit of its keeper is over long since.
            _ = try? await Stray.end(identity)
        }
        if case .command = destination.receiver, let temporary,
            PrivateFile.isPlace(temporary, in: privateBase)
        {
            // What cannot be removed is in memory, and ends with the machine's.
            _ = try? PrivateFile.remove(temporary)
        }
    }

    // MARK: Files

    private func write(
        _ contents: borrowing SecretBytes, to terms: FileTerms, temporary: String?
    ) throws(Unfit) {
        let file = try file(terms)
        let name = temporary ?? DestinationFile.temporaryName(for: terms.path, suffix: "new")
        do throws(FileError) {
            try file.replace(with: contents, temporaryName: name)
        } catch {
            throw Unfit(error)
        }
    }

    private func check(_ terms: FileTerms) throws(Unfit) {
        let file = try file(terms)
        do throws(FileError) {
            try file.check()
        } catch {
            throw Unfit(error)
        }
    }

    func file(_ terms: FileTerms) throws(Unfit) -> DestinationFile {
        let owner = try terms.owner.map { (name) throws(Unfit) in try id(ofUser: name, terms) }
        let group = try terms.group.map { (name) throws(Unfit) in try id(ofGroup: name, terms) }
        do throws(FileError) {
            return try DestinationFile(
                path: terms.path, owner: owner, group: group, mode: terms.mode)
        } catch {
            throw Unfit(error)
        }
    }

    private func id(ofUser name: String, _ terms: FileTerms) throws(Unfit) -> UInt32 {
        if let number = UInt32(name) { return number }
        // A failing look-up and an unknown name are the same to a delivery.
        if let account = (try? Account.user(named: name)) ?? nil { return account.userID }
        throw Unfit(
            .destinationUnfit, "\(terms.path): there is no user \(name) on this host",
            hint: "correct owner: in the policy, or make the user")
    }

    private func id(ofGroup name: String, _ terms: FileTerms) throws(Unfit) -> UInt32 {
        if let number = UInt32(name) { return number }
        // As above.
        if let number = (try? Group.id(named: name)) ?? nil { return number }
        throw Unfit(
            .destinationUnfit, "\(terms.path): there is no group \(name) on this host",
            hint: "correct group: in the policy, or make the group")
    }

    // MARK: Commands

    /// Returns as whom the command runs; nil: as this program does.
    private func check(_ terms: CommandTerms) throws(Unfit) -> Command.User? {
        do throws(ProgramError) {
            try ProgramCheck.check(terms.run[0])
        } catch {
            throw Unfit(
                .destinationUnfit, error.description, hint: error.hint,
                isLoosePermissions: error.isLoosePermissions)
        }
        if terms.via == .file { try checkPrivateBase() }
        return try user(of: terms)
    }

    /// Root makes the directory where there is none.
    private func checkPrivateBase() throws(Unfit) {
        do throws(FileError) {
            do throws(FileError) {
                try PrivateFile.check(privateBase)
            } catch {
                guard error.cause == .notFound, Caller.effectiveUserID == 0 else { throw error }
                try Directory.create(privateBase, mode: 0o711)
                try PrivateFile.check(privateBase)
            }
        } catch {
            throw Unfit(
                .destinationUnfit, error.description,
                hint: error.hint ?? "`via: file` needs RuntimeDirectory=keyturn in the unit",
                isLoosePermissions: error.isLoosePermissions)
        }
    }

    private func user(of terms: CommandTerms) throws(Unfit) -> Command.User? {
        guard let name = terms.user else { return nil }
        // A failing look-up and an unknown name are the same to a delivery.
        let account =
            UInt32(name).map { (try? Account.user(id: $0)) ?? nil }
            ?? (try? Account.user(named: name)) ?? nil
        guard let account, let user = try? Command.User(account) else {
            throw Unfit(
                .destinationUnfit, "\(terms.run[0]): there is no user \(name) on this host",
                hint: "correct user: in the policy, or make the user")
        }
        guard user.userID == Caller.effectiveUserID || Caller.mayChangeOwner else {
            throw Unfit(
                .destinationUnfit,
                "\(terms.run[0]) is to run as \(name), and only root may do that",
                hint: "leave user: out, or run keyturn as root")
        }
        return user
    }

    private func run(
        _ terms: CommandTerms, _ contents: borrowing SecretBytes, as label: PayloadLabel,
        besides additions: [String: String] = [:], place: String? = nil,
        started: @Sendable (String) async -> Void
    ) async -> DeliveryResult {
        var environment = [
            "KEYTURN_NAME": label.name, "KEYTURN_VERSION": String(label.version),
            "KEYTURN_KIND": label.kind.rawValue, "KEYTURN_FORMAT": terms.input.name,
        ]
        environment["KEYTURN_ROTATION"] = label.rotation?.text
        environment.merge(additions) { _, added in added }
        guard terms.via == .file, let place else {
            return await run(terms, environment, contents, started: started)
        }
        do throws(Unfit) {
            let user = try check(terms)?.userID
            let owner = user == Caller.effectiveUserID ? nil : user
            do throws(FileError) {
                // A rehearsal's name is always the same.
                _ = try PrivateFile.remove(place)
                environment["KEYTURN_FILE"] = try PrivateFile.create(
                    place, contents: contents, owner: owner)
            } catch {
                throw Unfit(error)
            }
        } catch {
            _ = try? PrivateFile.remove(place)  // the first failure is the one to tell
            return .failed(error, nil)
        }
        let result = await runWithoutInput(terms, environment, started: started)
        do throws(FileError) {
            _ = try PrivateFile.remove(place)
        } catch {
            return .failed(Unfit(error), result.hook)
        }
        return result
    }

    /// A command that gets nothing on its standard input.
    func runWithoutInput(
        _ terms: CommandTerms, _ environment: [String: String],
        started: @Sendable (String) async -> Void = { _ in }
    ) async -> DeliveryResult {
        guard let nothing = try? SecretBytes(capacity: 1) else {
            return .failed(Unfit(.vaultFailed, "no secure memory is left"), nil)
        }
        return await run(terms, environment, nothing, started: started)
    }

    private func run(
        _ terms: CommandTerms, _ environment: [String: String],
        _ contents: borrowing SecretBytes, started: @Sendable (String) async -> Void
    ) async -> DeliveryResult {
        let user: Command.User?
        do throws(Unfit) {
            // A program that others can change since the check at prepare gets nothing.
            user = try check(terms)
        } catch {
            return .failed(error, nil)
        }
        let command = Command(
            program: terms.run[0], arguments: Array(terms.run.dropFirst()),
            environment: environment, timeout: .seconds(terms.timeout.seconds), user: user)
        let ended = await command.run(input: contents) { process in
            await started(process.description)
        }
        let report = HookReport(ended)
        switch ended.result {
        case .exited(code: 0): return .done(report)
        case .exited(let code):
            return .failed(
                Unfit(
                    .hookFailed, "\(terms.run[0]) ended with status \(code)",
                    hint: "what it printed is not kept; run it by hand, or let it log elsewhere"),
                report)
        case .signaled(let number):
            return .failed(
                Unfit(.hookSignaled, "\(terms.run[0]) was ended by signal \(number)"), report)
        case .timedOut:
            return .failed(
                Unfit(
                    .hookTimedOut, "\(terms.run[0]) took longer than \(terms.timeout)",
                    hint: "raise its timeout: in the policy, or find out what it waits for"),
                report)
        case .unsettled:
            return .failed(
                Unfit(.hookFailed, "\(terms.run[0]) was started, and its end was not learned"),
                report)
        case .notStarted(let reason):
            return .failed(
                Unfit(.hookNotStarted, "\(terms.run[0]) could not be started: \(reason)"), report)
        }
    }
}

extension Unfit {
    init(_ error: FileError) {
        guard error.cause != .notFound else {
            // A file that is not there yet is made; so it is its directory that is missing.
            let parent = String(
                error.path[..<(error.path.lastIndex(of: "/") ?? error.path.endIndex)])
            self.init(
                .fileFailed, "\(error.path): the directory \(parent) does not exist",
                hint:
                    "make it, owned by keyturn's user or the file's owner and writable by no other")
            return
        }
        self.init(
            .fileFailed, error.description, hint: error.hint,
            isLoosePermissions: error.isLoosePermissions)
    }
}

extension HookReport {
    init(_ ended: Ended) {
        var exit: Int?
        var signal: Int?
        switch ended.result {
        case .exited(let code): exit = Int(code)
        case .signaled(let number): signal = Int(number)
        case .timedOut: signal = 9
        case .notStarted, .unsettled: break
        }
        self.init(
            exit: exit, signal: signal, milliseconds: ended.milliseconds,
            outputByteCount: ended.standardOutput.byteCount + ended.standardError.byteCount,
            standardOutputHash: ended.standardOutput.sha256,
            standardErrorHash: ended.standardError.sha256)
    }
}
