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
            AuditList.self, AuditShow.self, AuditVerify.self, AuditExport.self, AuditProve.self,
            AuditSample.self, AuditCheckpoint.self, AuditKey.self, AuditFindValue.self,
        ])
}
