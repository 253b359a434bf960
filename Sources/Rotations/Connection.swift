/// An API endpoint with the admin credentials that open it.
package struct Connection: Codable, Hashable, Sendable {
    /// The name that policies use.
    package let name: String
    /// The administration API, for example `https://api.pinecone.io`.
    package let api: String
    /// The token endpoint, for example `https://login.pinecone.io/oauth/token`.
    package let login: String
    /// A file of certificates to trust instead of the system's.
    package let caFile: String?
    /// The names of its admins, in the order in which they are tried.
    package let admins: [String]

    package init(name: String, api: String, login: String, caFile: String?, admins: [String]) {
        self.name = name
        self.api = api
        self.login = login
        self.caFile = caFile
        self.admins = admins
    }

    /// Names the provider in identities (P1): two connections to one API see the same credentials.
    package var apiHost: String {
        let rest = api.split(separator: "/", omittingEmptySubsequences: true).dropFirst().first
        return rest.map { $0.lowercased() } ?? api
    }
}
