/// A moment in which a process may die: on either side of each call to the other side, in the middle
/// of a delivery, while it waits, at an operation of its disk, or with the power.
///
/// A new one belongs here with the call that brings it, and with a thought of what it leaves.
enum Moment: String, CaseIterable {
    case survey, surveyed, find, found, compareRights, rightsCompared
    case ask, asked, issue, issued, grant, granted, retire, retired
    case check, deliver, writtenBeside, delivered, commandStarted, commandEnded, readBack, clearAway
    case wait
    case disk, power
}

extension Invocation {
    /// Where a process dies.
    enum Death: Sendable {
        /// At its moment of this number, counted from 0.
        case at(Int)
        /// At the moment of this kind that comes after so many.
        case after(Int, Moment)
        /// At an operation of its disk.
        case disk(Disk.Death)
    }
}
