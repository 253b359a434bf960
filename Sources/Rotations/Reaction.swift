/// What is done once secrets were delivered, so that who uses them takes the new ones: a policy's
/// `after`. Once a run for all secrets that share it, after all of their deliveries.
package struct Reaction: Codable, Hashable, Sendable {
    package enum Action: Codable, Hashable, Sendable {
        /// A program, which gets nothing on its standard input.
        case command(run: [String], timeout: Interval, user: String?)
        /// systemctl(1) with a unit.
        case unit(name: String, Verb)
        /// A signal to the process whose number a file holds.
        case signal(SignalName, pidFile: String)
    }

    package enum Verb: String, Codable, CaseIterable, Sendable {
        case reload
        case restart
    }

    package enum SignalName: String, Codable, CaseIterable, Sendable {
        case hangUp = "HUP"
        case user1 = "USR1"
        case user2 = "USR2"
    }

    package let action: Action

    package init(_ action: Action) { self.action = action }

    /// Names it in rows, entries and messages.
    package var id: String {
        switch action {
        case .command(let run, _, _): "after:\(run.joined(separator: " "))"
        case .unit(let name, let verb): "after:\(verb.rawValue) \(name)"
        case .signal(let signal, let file): "after:\(signal.rawValue) \(file)"
        }
    }
}
