import ArgumentParser
import Testing

@testable import keyturn

/// A command of the program, with the words that lead to it.
struct Walked: Sendable, CustomTestStringConvertible {
    let words: [String]
    let type: any ParsableCommand.Type

    var testDescription: String { (["keyturn"] + words).joined(separator: " ") }

    var help: String { UsageText.folded(Keyturn.helpMessage(for: type, columns: 80)) }

    /// The command lines in its help, without what a shell makes of the rest.
    var examples: [[String]] {
        type.configuration.discussion.split(separator: "\n")
            .map { $0.drop { $0 == " " } }
            .filter { $0.hasPrefix("keyturn ") }
            .map { Self.words(of: $0.prefix { !"<>|".contains($0) }) }
    }

    /// Words as a shell reads them, double quotes included.
    private static func words(of line: Substring) -> [String] {
        var words: [String] = []
        var isQuoted = false
        var isWord = false
        for character in line {
            switch character {
            case "\"":
                isQuoted.toggle()
                if !isWord { words.append("") }
                isWord = true
            case " " where !isQuoted: isWord = false
            default:
                if !isWord { words.append("") }
                isWord = true
                words[words.count - 1].append(character)
            }
        }
        return Array(words.dropFirst())
    }

    /// All commands, the nouns included.
    static let all: [Walked] = walk([], Keyturn.self)

    private static func walk(
        _ words: [String], _ type: any ParsableCommand.Type
    ) -> [Walked] {
        let configuration = type.configuration
        let verbs =
            configuration.subcommands + configuration.groupedSubcommands.flatMap(\.subcommands)
        var found = [Walked(words: words, type: type)]
        for verb in verbs { found += walk(words + [verb._commandName], verb) }
        return found
    }
}
