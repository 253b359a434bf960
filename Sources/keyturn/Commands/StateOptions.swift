import ArgumentParser

/// Where the state is. Every command takes it.
struct StateOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "The state directory. Default: $KEYTURN_STATE, else /var/lib/keyturn for root and the "
                + "service user, else $XDG_STATE_HOME/keyturn.", valueName: "dir"),
        completion: .directory)
    var state: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The root key, instead of the recorded source: file:PATH, credential:NAME or "
                + "command:PATH.", valueName: "source"))
    var key: String?

    @Flag(name: .long, help: "Print one JSON object a line.")
    var json = false

    /// The program on this state.
    func program(_ surroundings: Surroundings) throws(Failure) -> Program {
        try Program(surroundings, state: state, key: key)
    }
}

/// A label `KEY=VALUE` on the command line.
struct LabelOption: ExpressibleByArgument, Hashable {
    let key: String
    let value: String

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        key = String(parts[0])
        value = String(parts[1])
    }

    var pair: (key: String, value: String) { (key, value) }
}
