import Secrets

/// One request in libcurl's terms, with every byte of memory that it and its answer need.
package struct CurlRequest: ~Copyable, Sendable {
    /// The absolute URL.
    package var url: String
    /// What counts as one host for the bound on parallel transfers.
    package var host: String
    /// Whether the host is this machine: then `http` is allowed, and no proxy is asked.
    package var isLoopback: Bool
    /// The method, as it is sent.
    package var method: String
    /// The header lines, each `Name: value` and ended by a NUL.
    package var lines: SecretBytes
    /// The body; nil sends none.
    package var body: SecretBytes?
    /// Where the body of the answer goes: as much of it as fits.
    package var answer: SecretBytes
    /// The response headers to keep, in lower case. All others are dropped unread.
    package var keptHeaders: [String]
    /// Whether it may go over a connection that an earlier request has left open.
    package var mayReuseConnection: Bool
    /// Whether libcurl may send it again when a connection dies before an answer began.
    package var mayBeResent: Bool

    /// A request whose memory was allocated by the caller.
    package init(
        url: String, host: String, isLoopback: Bool, method: String,
        lines: consuming SecretBytes, body: consuming SecretBytes?,
        answer: consuming SecretBytes, keptHeaders: [String],
        mayReuseConnection: Bool, mayBeResent: Bool
    ) {
        self.url = url
        self.host = host
        self.isLoopback = isLoopback
        self.method = method
        self.lines = lines
        self.body = body
        self.answer = answer
        self.keptHeaders = keptHeaders
        self.mayReuseConnection = mayReuseConnection
        self.mayBeResent = mayBeResent
    }
}

/// What holds for every transfer of one `CurlMulti`.
package struct CurlSettings: Sendable {
    /// Which proxy is asked.
    package enum Proxy: Hashable, Sendable {
        /// What `https_proxy`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` say, as libcurl reads them.
        case environment
        /// None.
        case none
        /// This one, for every host but this machine.
        case at(String)
    }

    /// A PEM file of certificate authorities to trust instead of the system's.
    package var authorities: String?
    /// The proxy.
    package var proxy: Proxy
    /// How long a name, a connection and its TLS may take together.
    package var connectLimit: Duration
    /// How long everything may take, connecting included.
    package var limit: Duration
    /// What the program calls itself.
    package var userAgent: String
    /// How many transfers with one host run at once; others wait their turn.
    package var transfersPerHost: Int

    /// Settings as given.
    package init(
        authorities: String?, proxy: Proxy, connectLimit: Duration, limit: Duration,
        userAgent: String, transfersPerHost: Int
    ) {
        precondition(transfersPerHost > 0, "no transfer could ever run")
        self.authorities = authorities
        self.proxy = proxy
        self.connectLimit = connectLimit
        self.limit = limit
        self.userAgent = userAgent
        self.transfersPerHost = transfersPerHost
    }
}
