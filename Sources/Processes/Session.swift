import Linux

/// All processes that a command has started and that did not leave it: its session, which bears
/// the number of its first process.
struct Session {
    let leader: Int32

    /// Asks the first process and its group to end.
    func ask() {
        // Gone is what we want; what may not be asked is killed later, or not at all.
        _ = try? ProcessHandle.send(.terminate, toGroup: leader)
    }

    /// Everything below the first process, also what has made a session of its own meanwhile.
    /// Only while the first process is there: orphans no longer say whose they were.
    func descendants() -> [ProcessIdentity] {
        // Where /proc cannot be read, the group is all that is known.
        guard let entries = try? ProcessTable.entries(), let boot = try? Host.bootID() else {
            return []
        }
        let children = Dictionary(grouping: entries, by: \.parent)
        var found: [ProcessIdentity] = []
        var parents = [leader]
        while let parent = parents.popLast() {
            for child in children[parent] ?? [] where child.pid != parent {
                found.append(
                    ProcessIdentity(pid: child.pid, startTime: child.startTime, bootID: boot))
                parents.append(child.pid)
            }
        }
        return found
    }

    /// Ends all of it, and what else is named, at once; collects those that are our children by
    /// now. The caller knows that the number of the first process was not given out again: it
    /// still runs, or is not collected yet, or was seen to end just now.
    func kill(and others: [ProcessIdentity] = []) {
        _ = try? ProcessHandle.send(.kill, toGroup: leader)
        others.forEach(Self.kill)
        // Those who left the group are still in the session. One of them may start another while
        // it is looked for, so it is looked for again until there is none; each round ends what
        // the one before it has seen, and a bomb that outruns this is for the unit's cgroup.
        let own = try? ProcessIdentity.current().pid
        for _ in 0..<16 {
            guard let boot = try? Host.bootID(), let entries = try? ProcessTable.entries() else {
                return
            }
            let members = entries.filter { $0.session == leader && $0.pid != leader }
            for member in members where member.isZombie && member.parent == own {
                // Its number stays its own until it is collected here.
                try? ProcessHandle(child: member.pid).collect()
            }
            let living = members.filter { !$0.isZombie }
            if living.isEmpty { return }
            for member in living {
                Self.kill(
                    ProcessIdentity(pid: member.pid, startTime: member.startTime, bootID: boot))
            }
        }
    }

    private static func kill(_ process: ProcessIdentity) {
        // Every failure here means that it is gone, or is out of our reach.
        guard let handle = (try? ProcessHandle(process)) ?? nil else { return }
        _ = try? handle.send(.kill)
        guard (try? handle.waitForExit(timeout: .seconds(1))) == true else { return }
        try? handle.collect()
    }
}
