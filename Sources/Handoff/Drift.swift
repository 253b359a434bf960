import Files
import Rotations
import Secrets

/// How a delivered file differs from what was put there.
package enum Drift: Hashable, Sendable {
    case gone
    /// Somebody wrote something else.
    case changed
    case owner(expected: UInt32, found: UInt32)
    case group(expected: UInt32, found: UInt32)
    case mode(expected: UInt32, found: UInt32)
    /// It cannot be looked at, or must not be.
    case unfit(Unfit)

    /// One clause, without a full stop.
    package var text: String {
        func octal(_ mode: UInt32) -> String {
            let digits = String(mode, radix: 8)
            return String(repeating: "0", count: max(4 - digits.count, 0)) + digits
        }
        return switch self {
        case .gone: "is gone"
        case .changed: "holds something else than was delivered"
        case .owner(let expected, let found): "belongs to the user \(found), not \(expected)"
        case .group(let expected, let found): "belongs to the group \(found), not \(expected)"
        case .mode(let expected, let found):
            "has the mode \(octal(found)), not \(octal(expected))"
        case .unfit(let unfit): "cannot be looked at: \(unfit.description)"
        }
    }
}

extension Destinations {
    /// How a file that was delivered stands now; nil as it should, and for commands, which hold
    /// nothing.
    /// - Parameter isDelivered: whether contents are those that were delivered.
    package func drift(
        of destination: Destination, isDelivered: (borrowing SecretBytes) -> Bool
    ) -> Drift? {
        guard case .file(let terms) = destination.receiver else { return nil }
        do throws(Unfit) {
            let file = try file(terms)
            do throws(FileError) {
                guard let state = try file.state() else { return .gone }
                guard let contents = try file.readBack(limit: Self.limit) else { return .gone }
                guard isDelivered(contents) else { return .changed }
                if let owner = file.owner, owner != state.userID {
                    return .owner(expected: owner, found: state.userID)
                }
                if let group = file.group, group != state.groupID {
                    return .group(expected: group, found: state.groupID)
                }
                return file.mode == state.mode
                    ? nil : .mode(expected: file.mode, found: state.mode)
            } catch {
                throw Unfit(error)
            }
        } catch {
            return .unfit(error)
        }
    }
}
