import Linux

/// A program to run, and all that it is given. Its arguments and environment are seen by every
/// user of the machine and hold no secret; a secret comes on its standard input.
package struct Command: Hashable, Sendable {
    /// The absolute path of the program. No shell, no search.
    package let program: String
    /// What it is given after its name.
    package let arguments: [String]
    /// Its whole environment.
    package let environment: [String: String]
    /// How long it may run.
    package let timeout: Duration
    /// How long it may take to end after SIGTERM.
    package let grace: Duration
    /// As whom it runs; nil: as this program does.
    package let user: User?

    /// What every program gets, however this one was started.
    package static let baseEnvironment = [
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8",
    ]

    /// A command whose environment is the base with these `environment` entries added.
    package init(
        program: String, arguments: [String] = [], environment: [String: String] = [:],
        timeout: Duration, grace: Duration = .seconds(5), user: User? = nil
    ) {
        self.program = program
        self.arguments = arguments
        self.environment = Self.baseEnvironment.merging(environment) { _, added in added }
        self.timeout = timeout
        self.grace = grace
        self.user = user
    }

    /// As whom a program runs.
    package struct User: Hashable, Sendable {
        /// The user.
        package let userID: UInt32
        /// The user's own group.
        package let groupID: UInt32
        /// Every other group; this program's own are not passed on.
        package let supplementaryGroupIDs: [UInt32]

        /// A user with these groups.
        package init(userID: UInt32, groupID: UInt32, supplementaryGroupIDs: [UInt32] = []) {
            self.userID = userID
            self.groupID = groupID
            self.supplementaryGroupIDs = supplementaryGroupIDs
        }

        /// An account with every group it is in. Throws what getgrouplist(3) does.
        package init(_ account: Account) throws(SystemError) {
            self.init(
                userID: account.userID, groupID: account.groupID,
                supplementaryGroupIDs: try account.groupIDs)
        }
    }

    /// Whether the system can be given all of it: an absolute path, names without `=`, no zeros.
    var isValid: Bool {
        program.utf8.first == UInt8(ascii: "/") && !program.utf8.contains(0)
            && arguments.allSatisfy { !$0.utf8.contains(0) }
            && environment.allSatisfy { name, value in
                !name.isEmpty && !name.utf8.contains(UInt8(ascii: "="))
                    && !name.utf8.contains(0) && !value.utf8.contains(0)
            }
    }
}
