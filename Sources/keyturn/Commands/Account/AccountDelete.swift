import ArgumentParser
import Rotations

/// `keyturn account delete`
struct AccountDelete: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete an account at the provider, now or at a date.",
        discussion: """
            What will break is told first, and the name asked for. One that a policy keeps fresh, or \
            that an admin uses, is refused. With --retire-after the first run after that time \
            deletes it; until then --take-back keeps it.

              keyturn account delete batch --reason "moved to keys" --retire-after 7d
              keyturn account delete batch --reason "still used" --take-back
            """)

    @OptionGroup var options: OrganizationOptions
    @Argument(help: "The account.") var name: String
    @OptionGroup var deletion: DeletionOptions

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let organization = try await options.open(surroundings, isReading: deletion.dryRun)
        return try await deletion.run(
            try await organization.account(name).reference, in: organization, surroundings,
            json: options.json)
    }
}
