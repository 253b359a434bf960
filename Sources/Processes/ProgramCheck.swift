import Linux

/// Whether a program may be trusted with a secret.
package enum ProgramCheck {
    /// As many symbolic links as the kernel follows (path_resolution(7)).
    private static let linkLimit = 40

    /// Looks at the program and every directory on the way to it, through symbolic links too: each
    /// belongs to root or to us, and neither group nor world may write it, sticky or not; the
    /// program is a regular file that somebody may execute. Nothing is opened but places (O_PATH).
    ///
    /// Throws the first thing on the way that is not so.
    package static func check(_ path: String) throws(ProgramError) {
        guard path.utf8.first == UInt8(ascii: "/") else {
            throw ProgramError(path, .notAbsolute)
        }
        var place = try at("/") { () throws(SystemError) in
            try Descriptor.open("/", for: .place)
        }
        try requireTrusted(try status(of: place, at: "/"), at: "/")
        var here: [String] = []
        var pending = parts(of: path)
        var links = 0
        while let part = pending.popLast() {
            if part == ".." {
                // All that is in `here` is a real directory, so its parent is the one before it.
                _ = here.popLast()
                place = try at(path) { () throws(SystemError) in
                    try place.open("..", for: .place)
                }
                continue
            }
            let named = "/" + (here + [part]).joined(separator: "/")
            let next = try at(named) { () throws(SystemError) in
                try place.open(part, for: .place)
            }
            let found = try status(of: next, at: named)
            switch found.kind {
            case .symbolicLink:
                // A link itself has no mode; who may change it is said by its directory.
                links += 1
                guard links <= linkLimit else { throw ProgramError(path, .tooManyLinks) }
                let target = try at(named) { () throws(SystemError) in
                    try place.linkTarget(of: part)
                }
                if target.utf8.first == UInt8(ascii: "/") {
                    here = []
                    place = try at("/") { () throws(SystemError) in
                        try Descriptor.open("/", for: .place)
                    }
                }
                pending += parts(of: target)
            case .directory:
                guard !pending.isEmpty else { throw ProgramError(named, .notRegular) }
                try requireTrusted(found, at: named)
                here.append(part)
                place = next
            case .regular:
                guard pending.isEmpty else { throw ProgramError(named, .notDirectory) }
                try requireTrusted(found, at: named)
                guard found.mode & 0o111 != 0 else { throw ProgramError(named, .notExecutable) }
                return
            case .special: throw ProgramError(named, .notRegular)
            }
        }
        throw ProgramError(path, .notRegular)
    }

    /// The last first.
    private static func parts(of path: String) -> [String] {
        path.split(separator: "/").filter { $0 != "." }.reversed().map(String.init)
    }

    private static func status(
        of place: borrowing Descriptor, at path: String
    ) throws(ProgramError) -> FileStatus {
        do {
            return try place.status()
        } catch {
            throw ProgramError(path, error)
        }
    }

    private static func at<R: ~Copyable>(
        _ path: String, _ body: () throws(SystemError) -> R
    ) throws(ProgramError) -> R {
        do {
            return try body()
        } catch {
            throw ProgramError(path, error)
        }
    }

    private static func requireTrusted(
        _ status: FileStatus, at path: String
    ) throws(ProgramError) {
        guard status.userID == 0 || status.userID == Caller.effectiveUserID else {
            throw ProgramError(path, .wrongOwner(found: status.userID))
        }
        guard status.mode & 0o022 == 0 else {
            throw ProgramError(path, .writableByOthers(mode: status.mode))
        }
    }
}
