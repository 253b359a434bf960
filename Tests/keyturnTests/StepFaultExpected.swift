import Rotations

/// What follows a fault. Unless it says otherwise, all is well in the end: what is delivered is
/// accepted, nothing else of ours lives, and one minting call was carried out.
enum Expected: Hashable, Sendable {
    /// Exit 0, and the next run has nothing to do.
    case doneInSameRun
    /// The same; what was minted and never seen is replaced in place, by one more minting call.
    case recoveryMint
    /// The same; what was made and never seen is deleted, and made once more.
    case orphanRetired
    /// Exit 0, and nothing is said: the next run asks again.
    case quiet
    /// Exit 1 with this cause; the next run finishes it. `mintings` are more than the usual ones.
    case doneByNextRun(Cause, mintings: Int = 0)
    /// Exit 1, with the new value current; the next run does what is owed.
    case debt(Cause, mintings: Int = 0)
    /// Exit 1, and again by the next run: the old value must be refused.
    case confirmedLater
    /// Exit 1, and the next run does nothing; one after the back-off finishes it.
    case waitsForBackOff(Cause, mintings: Int = 0)
    /// Exit 4; the next run settles it and goes on.
    case unsettledThenDone(Cause)
    /// The same, by one more minting call: what the answer held is lost.
    case unsettledThenRecovered(Cause)
    /// Exit 4, although nothing was left to do.
    case unsettledThenQuiet(Cause)
    /// Exit 4; the next run finds that it did not happen (exit 1), and one after the back-off does it.
    case unsettledThenAgain(Cause)
    /// The same, without a back-off: it was the first failure.
    case unsettledThenAgainAtOnce(Cause)
    /// Exit 4, and the next run can do no better; those after the back-off finish it.
    case unsettledThenWaits(Cause)
    /// Exit 5; the next run goes on.
    case busyThenDone
    /// Exit 1, or 7 where somebody else seems to have rotated it; no run goes on until a person says so.
    case parks(Cause, mintings: Int = 0)
    /// No such combination.
    case impossible(String)
    /// Tested there.
    case elsewhere(String)
}

/// What a run that met a fault said, and what the runs after it did.
struct Observed: Sendable {
    let exit: Int32
    let cause: Cause?
    /// Whether it spoke of the secret at all.
    let isSilent: Bool
    /// Whether the new version became current in it.
    let isRotated: Bool
    let next: Next
    /// Minting calls beyond the usual ones.
    let mintings: Int
    let isInPlace: Bool
    /// What was wrong with the world right after it, each a clause.
    let problems: [String]

    /// What the runs after it did.
    enum Next: Sendable {
        case quiet, finished, waited, asked, stuck
        /// The next ended with this exit status, and the one after did nothing, or finished it.
        case failedOnce(Int32)
        case failedThenFinished(Int32)
    }

    /// The same in the table's words; nil for what it has no word for.
    var word: Expected? {
        switch (exit, next, cause) {
        case (0, _, _) where isSilent: .quiet
        case (0, .quiet, nil) where mintings == 0: .doneInSameRun
        case (0, .quiet, nil) where mintings == 1: isInPlace ? .recoveryMint : .orphanRetired
        case (1, .finished, let cause?):
            isRotated
                ? .debt(cause, mintings: mintings)
                : .doneByNextRun(cause, mintings: mintings)
        case (1, .failedOnce(1), .oldSecretStillAccepted?) where mintings == 0: .confirmedLater
        case (1, .waited, let cause?): .waitsForBackOff(cause, mintings: mintings)
        case (4, .finished, let cause?) where mintings == 0: .unsettledThenDone(cause)
        case (4, .finished, let cause?) where mintings == 1: .unsettledThenRecovered(cause)
        case (4, .quiet, let cause?) where mintings == 0: .unsettledThenQuiet(cause)
        case (4, .failedOnce(1), let cause?) where mintings == 0: .unsettledThenAgain(cause)
        case (4, .failedThenFinished(1), let cause?) where mintings == 0:
            .unsettledThenAgainAtOnce(cause)
        case (4, .waited, let cause?) where mintings == 0: .unsettledThenWaits(cause)
        case (4, .failedOnce(4), let cause?) where mintings == 0: .unsettledThenWaits(cause)
        case (5, .finished, .storageBusy?) where mintings == 0: .busyThenDone
        case (7, .asked, .foreignRotated?): .parks(.foreignRotated, mintings: mintings)
        case (1, .asked, let cause?): .parks(cause, mintings: mintings)
        default: nil
        }
    }
}
