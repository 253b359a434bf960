import ArgumentParser

/// How a person says that it is meant: by typing the name, or the count; a script by `--confirm`.
struct ConfirmOption: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "In scripts, instead of the question: the name, once for each, or the count once.",
            valueName: "name"))
    var confirm: [String] = []

    /// Asks, or checks what was given. Nothing starts when it is not the right set.
    func require(
        _ names: [String], _ deed: String, _ surroundings: Surroundings
    ) throws(Failure) {
        if !confirm.isEmpty {
            let isCount = confirm == [String(names.count)]
            guard isCount || Set(confirm) == Set(names) && confirm.count == names.count else {
                throw Failure(
                    "--confirm says \(confirm.joined(separator: ", ")), and this would \(deed) "
                        + Self.list(names),
                    hint: "nothing was done; confirm every name, or the count \(names.count)",
                    .usage)
            }
            return
        }
        let wanted = names.count == 1 ? names[0] : String(names.count)
        let question =
            names.count == 1
            ? "This will \(deed) \(names[0]). Type its name to go on: "
            : "This will \(deed) \(Self.list(names)). Type the count to go on: "
        guard let answer = surroundings.ask(question) else {
            throw Failure(
                "this would \(deed) \(Self.list(names)), and there is nobody to ask",
                hint: "in scripts add --confirm \(wanted)", .usage)
        }
        guard answer == wanted else { throw Failure("not confirmed; nothing was done", .usage) }
    }

    private static func list(_ names: [String]) -> String {
        names.count <= 5
            ? names.joined(separator: ", ")
            : names.prefix(5).joined(separator: ", ") + " and \(names.count - 5) more"
    }
}
