import Audit

/// An anchor shows what the database does not: nothing is signed on top of it.
package struct AnchorConflict: Error, Hashable, Sendable {
    /// What is wrong.
    package enum Cause: Hashable, Sendable {
        /// The anchor is gone. `init` made it, so somebody took it away, or left it behind.
        case absent
        /// It is empty, although checkpoints were added to it.
        case emptied
        /// It holds checkpoints, and none that this state's key signed.
        case noneOfOurs
        /// It shows more entries than there are: an older database was put in the place of this one.
        case longer(anchored: Int, present: Int)
        /// The entries that it covers are not those that are here.
        case differs(anchored: Int)
        /// It shows an epoch that this database knows nothing of.
        case laterEpoch(origin: String)
    }

    /// The file.
    package let path: String
    package let cause: Cause
    /// The checkpoint that the anchor shows, as it stands there.
    package let anchored: String?
    /// The newest checkpoint of the database.
    package let present: String?

    package init(path: String, _ cause: Cause, anchored: String?, present: String?) {
        self.path = path
        self.cause = cause
        self.anchored = anchored
        self.present = present
    }

    /// One clause, without a full stop.
    package var text: String { cause.text(of: path) }
}

extension AnchorConflict.Cause {
    /// One clause about the anchor at this path.
    func text(of path: String) -> String {
        switch self {
        case .absent: "the anchor \(path) is gone"
        case .emptied: "the anchor \(path) was emptied"
        case .noneOfOurs: "the anchor \(path) holds no checkpoint of this state"
        case .longer(let anchored, let present):
            "the anchor \(path) shows \(anchored) entries, and the trail has \(present)"
        case .differs(let anchored):
            "the first \(anchored) entries are not those that the anchor \(path) shows"
        case .laterEpoch(let origin):
            "the anchor \(path) shows the epoch \(origin), which this state does not know"
        }
    }
}
