import ArgumentParser

/// `keyturn audit`
struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "What happened, and the proof that nobody changed it.",
        discussion: """
              keyturn audit list --secret ci-deployer
              keyturn audit verify
            """,
        subcommands: [
            AuditList.self, AuditVerify.self, AuditRotateKey.self, AuditNewEpoch.self,
            AuditWitnessRequest.self, AuditAddCosignature.self,
        ])
}
