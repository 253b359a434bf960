import Files
import Linux
import Processes
import Rotations
import Secrets

extension Destinations {
    private static let systemctl = "/usr/bin/systemctl"
    /// A unit that does not come up again by then is one to look at.
    private static let unitTimeout = Interval.minutes(2)

    /// Does what a policy wants done after deliveries. It may be done twice for one delivery.
    package func react(_ reaction: Reaction) async -> DeliveryResult {
        switch reaction.action {
        case .command(let words, let timeout, let user):
            return await runWithoutInput(
                CommandTerms(run: words, input: .raw, timeout: timeout, user: user), [:])
        case .unit(let name, let verb):
            return await runWithoutInput(
                CommandTerms(
                    run: [Self.systemctl, "--no-ask-password", verb.rawValue, "--", name],
                    input: .raw, timeout: Self.unitTimeout), [:])
        case .signal(let signal, let pidFile):
            do throws(Unfit) {
                try send(signal, toProcessIn: pidFile)
                return .done(nil)
            } catch {
                return .failed(error, nil)
            }
        }
    }

    /// Who can write the file decides who gets the signal, so it must be as trusted as a program.
    private func send(
        _ signal: Reaction.SignalName, toProcessIn path: String
    ) throws(Unfit) {
        let text: String
        do throws(FileError) {
            text = String(decoding: try PublicFile.read(path, limit: 64), as: UTF8.self)
        } catch {
            throw Unfit(
                .hookNotStarted, "\(path): no process is named there: \(error.description)",
                hint: error.hint, isLoosePermissions: error.isLoosePermissions)
        }
        let digits = text.prefix { !$0.isWhitespace }
        guard let pid = Int32(digits), pid > 1 else {
            throw Unfit(.hookNotStarted, "\(path) does not hold the number of a process")
        }
        let number: Signal =
            switch signal {
            case .hangUp: .hangUp
            case .user1: .user1
            case .user2: .user2
            }
        var reason = "it has ended"
        do throws(SystemError) {
            if try ProcessHandle(child: pid).send(number) { return }
        } catch {
            reason = "\(error)"
        }
        throw Unfit(
            .hookFailed, "the process \(pid) of \(path) took no signal: \(reason)",
            hint: "does it run?")
    }
}
