import Curl
import Secrets

/// Sends requests and says what came of them. It decides nothing and repeats nothing that mints.
///
/// libcurl is loaded at the first request. Connections stay open for the requests that follow.
package final class Transport: Sendable {
    /// How a transport works.
    package struct Options: Sendable {
        /// The name and version that are sent as User-Agent.
        package var userAgent: String
        /// A PEM file of certificate authorities to trust instead of the system's.
        package var authorities: String?
        /// How long a name, a connection and its TLS may take together.
        package var connectTimeout: Duration
        /// How long a request may take with everything.
        package var timeout: Duration
        /// How many requests to one host run at once; others wait their turn, and the limits
        /// begin when it comes.
        package var requestsPerHost: Int
        /// Which proxy is asked.
        package var proxy: Proxy

        /// Options as given; the rest as it usually is.
        package init(
            userAgent: String, authorities: String? = nil,
            connectTimeout: Duration = .seconds(10), timeout: Duration = .seconds(30),
            requestsPerHost: Int = 32, proxy: Proxy = .environment
        ) {
            self.userAgent = userAgent
            self.authorities = authorities
            self.connectTimeout = connectTimeout
            self.timeout = timeout
            self.requestsPerHost = requestsPerHost
            self.proxy = proxy
        }
    }

    /// Which proxy is asked. For this machine none is, ever.
    package enum Proxy: Hashable, Sendable {
        /// The one that `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` name, if they do.
        case environment
        /// None.
        case none
        /// This one, whatever the environment says.
        case at(String)
    }

    private let multi: CurlMulti

    /// Nothing is loaded and nothing connects before the first request.
    package init(_ options: Options) {
        let proxy: CurlSettings.Proxy =
            switch options.proxy {
            case .environment: .environment
            case .none: .none
            case .at(let address): .at(address)
            }
        multi = CurlMulti(
            CurlSettings(
                authorities: options.authorities, proxy: proxy,
                connectLimit: options.connectTimeout, limit: options.timeout,
                userAgent: options.userAgent, transfersPerHost: options.requestsPerHost))
    }

    deinit { multi.close() }

    /// Sends a request and waits for what comes of it, which the time limit bounds.
    ///
    /// Cancelling the task changes nothing: a request that is under way is seen to its end, for an
    /// effect must not be torn from its outcome.
    package func send(_ request: consuming Request) async -> Answer {
        let answer = await multi.perform(CurlRequest(request))
        let failure = answer.failure
        guard let head = answer.head else {
            return .failed(TransportError(failure, wasSent: answer.wasSent))
        }
        // There is a status, so it is known what happened, even where the body is not.
        return .response(Response(head, body: answer.body(), isBodyComplete: failure == nil))
    }

    /// Takes no more requests. Those under way are seen to their ends.
    package func close() { multi.close() }
}

extension CurlRequest {
    fileprivate init(_ request: consuming Request) {
        let endpoint = request.endpoint
        self.init(
            url: endpoint.url, host: endpoint.origin, isLoopback: endpoint.isLoopback,
            method: request.method.rawValue,
            lines: request.lines, body: Self.bytes(request.body), answer: request.answer,
            keptHeaders: Response.keptHeaders,
            mayReuseConnection: request.repeatability == .freely,
            mayBeResent: request.repeatability == .freely)
    }

    private static func bytes(_ body: consuming Body?) -> SecretBytes? {
        switch consume body {
        case .some(let body): body.bytes
        case nil: nil
        }
    }
}
