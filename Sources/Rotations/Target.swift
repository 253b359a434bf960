/// What a policy keeps fresh at the provider.
package struct Target: Codable, Hashable, Sendable {
    /// The two kinds of credential that Pinecone has.
    package enum Kind: String, Codable, Sendable, CaseIterable {
        case serviceAccount = "service-account"
        case apiKey = "api-key"
    }

    package let kind: Kind
    /// The name of the connection through which it is administered.
    package let connection: String
    /// The provider's id of the credential at adoption.
    package let providerID: String
    /// The provider's name of it at adoption, where the file says one.
    package let name: String?
    /// The project of an API key.
    package let project: String?

    package init(
        kind: Kind, connection: String, providerID: String, name: String?, project: String?
    ) {
        self.kind = kind
        self.connection = connection
        self.providerID = providerID
        self.name = name
        self.project = project
    }
}

/// How the new value comes to live beside, or instead of, the old one.
package enum Strategy: String, Codable, Sendable, CaseIterable {
    /// The provider replaces the only secret; the old one dies within seconds.
    case inPlace = "in-place"
    /// A second credential lives beside the first until consumers have moved.
    case overlap
}

/// The three words for what became of an effect. `Outcome` carries a value besides.
package enum OutcomeWord: String, Codable, Sendable, CaseIterable {
    case done
    case refused
    case unsettled
}
