import ArgumentParser

/// `keyturn audit`
struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "What happened, and the proof that nobody changed it.",
        discussion: """
              keyturn audit list --secret ci-deployer
              keyturn audit verify
              keyturn audit report --from 2026-01-01 --format html --output report.html
            """,
        subcommands: [
            AuditList.self, AuditShow.self, AuditVerify.self, AuditReport.self, AuditExport.self,
            AuditProve.self,
            AuditSample.self, AuditCheckpoint.self, AuditKey.self, AuditFindValue.self,
            AuditRotateKey.self, AuditNewEpoch.self, AuditWitnessRequest.self,
            AuditAddCosignature.self,
        ])
}
