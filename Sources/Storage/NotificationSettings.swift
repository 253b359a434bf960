import Rotations
import SQLite

/// Programs that are told of what happened: the key `notify` of the configuration.
package struct NotificationSettings: Codable, Hashable, Sendable {
    /// What a program can be told of.
    package enum Occasion: String, Codable, CaseIterable, Sendable {
        /// A rotation, or a required delivery, failed.
        case failed
        /// A rotation waits for a person.
        case parked
        /// A secret is older than its policy allows.
        case overdue
        /// What one of these was told of is well again.
        case recovered
        /// An emergency is over: every old credential was seen refused.
        case emergencyFinished = "emergency-finished"
    }

    /// A program, and what it is told of.
    package struct Hook: Codable, Hashable, Sendable {
        /// The program and its arguments.
        package let run: [String]
        package let timeoutSeconds: Int64
        /// Without doubles, in the order of `Occasion`.
        package let occasions: [Occasion]
        /// The same of one secret is not told again before so many seconds have passed.
        package let pauseSeconds: Int64

        package init(
            run: [String], timeoutSeconds: Int64, occasions: [Occasion], pauseSeconds: Int64
        ) {
            self.run = run
            self.timeoutSeconds = timeoutSeconds
            self.occasions = occasions
            self.pauseSeconds = pauseSeconds
        }
    }

    package var hooks: [Hook]

    package init(hooks: [Hook] = []) { self.hooks = hooks }
}

extension Store {
    /// The programs that are told of what happened. Throws when the setting is not the one that the
    /// trail has: nobody's program is started but ours.
    package func notificationSettings() throws(StorageError) -> NotificationSettings {
        let settings = try storedNotificationSettings()
        if !settings.hooks.isEmpty { try attestState() }
        return settings
    }

    /// The same as it is stored, for comparing it.
    package func storedNotificationSettings() throws(StorageError) -> NotificationSettings {
        try read { try Self.notificationSettings(in: $0) }
    }

    private static func notificationSettings(
        in database: Database
    ) throws -> NotificationSettings {
        let text = try database.first("SELECT value FROM setting WHERE name = 'notify'") {
            $0.text(0)
        }
        return try text.map { try Documents.decode(NotificationSettings.self, $0) }
            ?? NotificationSettings()
    }

    /// The names of the secrets that are older than their policies allow, whatever holds them back.
    package func overdueNames(at now: Timestamp) throws(StorageError) -> [String] {
        try read { database in
            try database.all(
                """
                SELECT s.name FROM secret s JOIN policy p ON p.secret_id = s.id
                WHERE s.must_be_before_ms <= ? ORDER BY s.name
                """, [.integer(now.milliseconds)]
            ) { $0.text(0) }
        }
    }
}
