/// What the credentials at the provider are to us, told by what is written down here (P16).
///
/// A name that looks like ours proves nothing: another state, or a backup of this one, gives such
/// names as well.
package enum Sweep {
    /// What one credential is.
    package enum Standing: Hashable, Sendable {
        /// A version's credential that consumers use, or will.
        case current
        /// A version's credential whose retirement is owed or done.
        case retiring
        /// It bears the name of an attempt of this database whose outcome nobody saw, and it was not
        /// there before.
        case orphan(Attempt)
        /// It bears a name of our form that this database does not know: reported, never touched.
        case unknown
        /// Somebody else's.
        case foreign
    }

    /// What a credential is.
    /// - Parameters:
    ///   - versions: of every secret that it could belong to.
    ///   - attempts: the minting calls whose fruit nobody has seen.
    package static func standing(
        of credential: CredentialReference, versions: [Version], attempts: [Attempt]
    ) -> Standing {
        let own = versions.filter { $0.providerID == credential.providerID }
        if own.contains(where: { [.pending, .current].contains($0.state) }) { return .current }
        guard own.isEmpty else { return .retiring }
        guard let name = credential.name else { return .foreign }
        if let attempt = attempts.first(where: { $0.effect.name == name }) {
            return attempt.listed.contains(credential.providerID) ? .foreign : .orphan(attempt)
        }
        return AttemptName.isOurs(name) ? .unknown : .foreign
    }

    /// The credentials of a list that were made by attempts of ours, and are in nobody's hands.
    static func orphans(
        among listed: [CredentialReference], versions: [Version], attempts: [Attempt]
    ) -> [(credential: CredentialReference, attempt: Attempt)] {
        listed.compactMap { credential in
            switch standing(of: credential, versions: versions, attempts: attempts) {
            case .orphan(let attempt): (credential, attempt)
            case .current, .retiring, .unknown, .foreign: nil
            }
        }
    }
}
