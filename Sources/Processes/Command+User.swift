import Linux

extension Command {
    /// setpriv(1) of util-linux, which every Debian has.
    private static let changer = "/usr/bin/setpriv"

    /// The program and its arguments, by way of a program that changes the user where another is
    /// asked for. That one becomes the program (execve(2)), so process, session and start time
    /// stay as they were.
    ///
    /// The library could change the user too, and must not be asked to: swift-subprocess 1.0.2
    /// calls setgroups(2) after a bare clone3(2), where glibc waits for threads that the child
    /// does not have. Seen here in one run of three, the caller's thread blocked for ever. Its
    /// issue 374 is another lock on the same way; posix_spawn(3), taken otherwise, knows neither.
    var words: [String] {
        // To set what is already so would need a right that an ordinary user has not.
        guard let user, user.userID != Caller.effectiveUserID else { return [program] + arguments }
        let groups = user.supplementaryGroupIDs.map(String.init).joined(separator: ",")
        return [
            Self.changer, "--reuid=\(user.userID)", "--regid=\(user.groupID)",
            groups.isEmpty ? "--clear-groups" : "--groups=\(groups)", "--", program,
        ] + arguments
    }

    /// Throws when it can be told beforehand that nothing would run: the library says of every
    /// such case that the program does not exist, and setpriv says it by its own exit status.
    func requireStartable() throws(NotStarted) {
        guard isValid else { throw .invalid }
        try Self.requireExecutable(program)
        guard words[0] == Self.changer else { return }
        do {
            try Self.requireExecutable(Self.changer)
        } catch {
            throw .userNotChangeable
        }
    }

    private static func requireExecutable(_ path: String) throws(NotStarted) {
        let status: FileStatus
        do {
            status = try Descriptor.open(path, for: .place, lastLink: .followed).status()
        } catch {
            throw NotStarted(error)
        }
        guard status.kind == .regular, status.mode & 0o111 != 0 else { throw .permissionDenied }
    }
}
