import ArgumentParser

/// Where the state is. Commands take it that only read and need no root key.
struct PlaceOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "The state directory. Default: $KEYTURN_STATE, else /var/lib/keyturn for root and the "
                + "service user, else $XDG_STATE_HOME/keyturn.", valueName: "dir"),
        completion: .directory)
    var state: String?

    @Flag(name: .long, help: "Print one JSON object a line.")
    var json = false

    /// The program on this state.
    func program(_ surroundings: Surroundings) throws(Failure) -> Program {
        try Program(surroundings, state: state)
    }
}

/// Where the state is, and its key. Every other command takes it.
struct StateOptions: ParsableArguments {
    @OptionGroup var place: PlaceOptions

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The root key, instead of the recorded source: file:PATH, credential:NAME or "
                + "command:PATH.", valueName: "source"))
    var key: String?

    /// Whether to print objects.
    var json: Bool { place.json }

    /// The program on this state.
    func program(_ surroundings: Surroundings) throws(Failure) -> Program {
        try Program(surroundings, state: place.state, key: key)
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
