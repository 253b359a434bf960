/// This program's own version.
enum ProgramVersion {
    /// As `--version`, the User-Agent and every entry say it.
    static let text = "0.1.0"
}
