import FoundationEssentials
import HTTP
import Rotations
import Secrets

/// Speaks Pinecone's words: one method for each call of the Admin API, on behalf of the first admin
/// that can.
///
/// Tokens are kept for the run, one an admin, and dropped on 401. A call that mints is sent once.
package actor AdminClient {
    /// The API version that this program was written for.
    static let versionHeader = Header("X-Pinecone-Api-Version", "2026-07")

    private let api: Endpoint
    let exchange: TokenExchange
    private let transport: Transport
    private let access: AdminAccess
    private let clock: WallClock

    private var accounts: [AdminAccount]?
    private var tokens: [AdminAccount: AccessToken] = [:]
    private var exchanges: [AdminAccount: Task<Opened, Never>] = [:]
    /// When the secret of an admin was refused. It is not shown again for a minute: hosts count
    /// refusals, and there is another admin to try (P20).
    private var refusals: [AdminAccount: Timestamp] = [:]
    /// When a credential was last accepted: by the token endpoint, and by `GET /indexes`.
    private var acceptedExchangeAt: Timestamp?
    private var acceptedKeyAt: Timestamp?
    /// How far the provider's clock was ahead of ours in its last answer.
    package private(set) var clockOffsetMilliseconds: Int64?

    /// A client for one connection.
    package init(
        connection: Connection, transport: Transport, access: AdminAccess, clock: WallClock
    ) throws(EndpointError) {
        api = try Endpoint(connection.api)
        exchange = TokenExchange(endpoint: try Endpoint(connection.login), transport: transport)
        self.transport = transport
        self.access = access
        self.clock = clock
    }

    // MARK: Admins and their tokens

    /// An admin and its token, or why there is none.
    enum Opened: Sendable {
        case opened(AccessToken)
        case failed(Refusal)
    }

    /// The token of the first admin that gets one and is not the given account (P7).
    private func open(
        except accountID: String?
    ) async -> Swift.Result<(AdminAccount, AccessToken), Refusal> {
        let all = await admins()
        guard !all.isEmpty else { return .failure(Refusal(.noAdmin)) }
        let usable = all.filter { $0.id != accountID }
        guard !usable.isEmpty else { return .failure(Refusal(.lockOut)) }
        var refusal = Refusal(.noAdmin)
        for admin in usable {
            switch await token(of: admin) {
            case .opened(let token): return .success((admin, token))
            case .failed(let reason): refusal = reason
            }
        }
        return .failure(refusal)
    }

    func admins() async -> [AdminAccount] {
        if let accounts { return accounts }
        let found = await access.accounts()
        accounts = found
        return found
    }

    func token(of admin: AdminAccount) async -> Opened {
        if let token = tokens[admin], token.expiresAt > clock.now() { return .opened(token) }
        if isRecent(refusals[admin]) { return .failed(Refusal(.adminRefused)) }
        // One exchange at a time for each admin: the others wait for its token.
        if let running = exchanges[admin] { return await running.value }
        let task = Task { await self.exchangeSecret(of: admin) }
        exchanges[admin] = task
        let opened = await task.value
        exchanges[admin] = nil
        if case .opened(let token) = opened { tokens[admin] = token }
        return opened
    }

    private func exchangeSecret(of admin: AdminAccount) async -> Opened {
        guard let secret = await access.secret(admin) else {
            return .failed(Refusal(.vaultFailed))
        }
        switch await exchange.send(clientID: admin.clientID, secret: secret) {
        case .accepted(let token, let lifetime, let date):
            note(date)
            acceptedExchangeAt = clock.now()
            // Half a minute early, so that no request begins with a token about to end.
            let seconds = Int64(max(lifetime - 30, lifetime / 2))
            return .opened(
                AccessToken(bytes: token, expiresAt: clock.now() + Interval(seconds: seconds)))
        case .refused(let date):
            note(date)
            // Its secret may have been rotated meanwhile: look again next time.
            accounts = nil
            refusals[admin] = clock.now()
            return .failed(Refusal(.adminRefused))
        case .noVerdict(let refusal, let date):
            note(date)
            return .failed(refusal)
        }
    }

    /// Forgets the tokens of an account whose secret was replaced.
    func forgetTokens(of accountID: String) {
        tokens = tokens.filter { $0.key.id != accountID }
        accounts = nil
    }

    /// The admin that a call is made with.
    func adminInUse(except accountID: String?) async -> String? {
        guard case .success((let admin, _)) = await open(except: accountID) else { return nil }
        return admin.name
    }

    /// Whether the account is one of this connection's admins.
    func isAdmin(_ accountID: String) async -> Bool {
        await admins().contains { $0.id == accountID }
    }

    /// P30: another admin has just listed service accounts with a fresh token, and may rotate.
    func requireAnotherAdmin(than accountID: String) async -> Refusal? {
        tokens = [:]
        switch await open(except: accountID) {
        case .failure(let refusal): return lockOut(refusal)
        case .success((let admin, _)):
            if case .refused(let refusal) = await listServiceAccounts(except: accountID, limit: 1) {
                return lockOut(refusal)
            }
            switch await rights(of: admin.id, except: accountID) {
            case .done(let rights): return Self.mayRotate(rights) ? nil : Refusal(.lockOut)
            case .refused(let refusal): return lockOut(refusal)
            case .unsettled: return Refusal(.lockOut)
            }
        }
    }

    /// P30 for an account that is about to be deleted: whoever may rotate is an admin, whether this
    /// connection has used it, uses it, or was never told of it.
    func requireAnotherAdmin(ifMayRotate accountID: String) async -> Refusal? {
        switch await rights(of: accountID, except: accountID) {
        case .done(let rights) where !Self.mayRotate(rights): nil
        case .done: await requireAnotherAdmin(than: accountID)
        case .refused(let refusal): refusal
        case .unsettled(let cause): Refusal(cause)
        }
    }

    /// Managers of an organization are not known to be allowed to.
    private static func mayRotate(_ rights: [Right]) -> Bool {
        rights.contains { $0.role == "OrgOwner" }
    }

    /// What a refusal of the other admin means: that there is none, unless it is the network's or
    /// the host's and will pass.
    private func lockOut(_ refusal: Refusal) -> Refusal {
        switch refusal.cause {
        case .unreachable, .noAnswer, .rateLimited: refusal
        default: Refusal(.lockOut, status: refusal.status)
        }
    }

    // MARK: Asking credentials

    /// Whether a client secret is accepted, with a control for a refusal (P20).
    func ask(clientID: String, secret: borrowing SecretBytes, of accountID: String) async -> Verdict
    {
        switch await exchange.send(clientID: clientID, secret: secret) {
        case .accepted(_, _, let date):
            note(date)
            acceptedExchangeAt = clock.now()
            return .accepted
        case .noVerdict(_, let date):
            note(date)
            return .noVerdict
        case .refused(let date):
            note(date)
            return await isExchangeWorking(except: accountID) ? .refused : .noVerdict
        }
    }

    private func isExchangeWorking(except accountID: String) async -> Bool {
        if isRecent(acceptedExchangeAt) { return true }
        for admin in await admins() where admin.id != accountID {
            tokens[admin] = nil
            if case .opened = await token(of: admin) { return true }
        }
        return false
    }

    /// Whether an API key is accepted, with a control for a refusal (P20).
    func ask(apiKey: borrowing SecretBytes) async -> Verdict {
        switch await listIndexes(apiKey) {
        case .accepted:
            acceptedKeyAt = clock.now()
            return .accepted
        case .refused: return isRecent(acceptedKeyAt) ? .refused : .noVerdict
        case .forbidden:
            // A narrow role proves life only if a made-up key is told apart from it.
            // Without memory it is not told apart.
            guard var invented = try? SecretBytes(capacity: 64) else { return .noVerdict }
            invented.append(plain: "pcsk_invented_0000000000000000000000000000000000")
            guard await listIndexes(invented) == .refused else { return .noVerdict }
            acceptedKeyAt = clock.now()
            return .accepted
        case .noVerdict: return .noVerdict
        }
    }

    private enum KeyAnswer { case accepted, refused, forbidden, noVerdict }

    private func listIndexes(_ key: borrowing SecretBytes) async -> KeyAnswer {
        // What cannot be sent is no verdict.
        guard let authorization = try? Authorization.key(key),
            let request = try? Request(
                .get, api.appending("indexes"), headers: [Self.versionHeader],
                authorization: consume authorization, repeatable: .freely,
                responseCapacity: 256 << 10)
        else { return .noVerdict }
        switch await transport.send(request) {
        case .failed: return .noVerdict
        case .response(let response):
            note(response.date)
            switch response.status {
            case 200..<300: return .accepted
            case 401: return .refused
            case 403: return Reply.code(response) == nil ? .noVerdict : .forbidden
            default: return .noVerdict
            }
        }
    }

    private func isRecent(_ time: Timestamp?) -> Bool {
        guard let time else { return false }
        return time.age(at: clock.now()) < .minutes(1)
    }

    // MARK: Sending

    /// How often what may be repeated is sent before its failure counts.
    private static let maximumTries = 3
    /// Who is asked to wait for longer than this does not wait, and leaves it to a later run (P29).
    private static let longestWait = Interval(seconds: 30)

    /// A call that may be repeated: it reads, deletes or sets. It is sent again where that may help, and once more after a 401.
    func call(
        _ method: HTTP.Method, _ endpoint: Endpoint, body: [UInt8]? = nil, except accountID: String?
    ) async -> Outcome<Response> {
        var refusal = Refusal(.noAnswer)
        var pause = Interval(seconds: 1)
        for attempt in 1...Self.maximumTries {
            let admin: AdminAccount
            let token: AccessToken
            switch await open(except: accountID) {
            case .failure(let refusal): return .refused(refusal)
            case .success(let opened): (admin, token) = opened
            }
            switch await send(method, endpoint, body: body, .freely, token) {
            case .response(let response):
                note(response.date)
                guard !(200..<300).contains(response.status) else {
                    return response.isBodyComplete ? .done(response) : .refused(Refusal(.noAnswer))
                }
                refusal = Reply.refusal(response)
                if response.status == 401 { drop(admin) }
            case .failed(let error): refusal = Reply.refusal(error)
            case .notSent(let reason): return .refused(reason)
            }
            let isWorthwhile = [.rateLimited, .noAnswer, .unreachable, .adminRefused]
                .contains(refusal.cause)
            let wanted = refusal.retryAfter ?? .zero
            guard isWorthwhile, attempt < Self.maximumTries, wanted <= Self.longestWait else {
                break
            }
            if refusal.cause != .adminRefused { await clock.wait(max(pause, wanted)) }
            pause = Interval(seconds: pause.seconds * 2)
        }
        return .refused(refusal)
    }

    /// A call that mints: sent once. A 401 was not carried out, so it is sent once more with a
    /// fresh token.
    func mint(
        _ endpoint: Endpoint, body: [UInt8]?, except accountID: String?
    ) async -> Outcome<SecretBytes> {
        for isLast in [false, true] {
            let admin: AdminAccount
            let token: AccessToken
            switch await open(except: accountID) {
            case .failure(let refusal): return .refused(refusal)
            case .success(let opened): (admin, token) = opened
            }
            switch await send(.post, endpoint, body: body, .once, token) {
            case .notSent(let reason): return .refused(reason)
            case .failed(let error): return Reply.minting(.failed(error))
            case .response(let response):
                note(response.date)
                guard response.status == 401, !isLast else {
                    return Reply.minting(.response(response))
                }
                drop(admin)
            }
        }
        return .refused(Refusal(.adminRefused))
    }

    private enum Sent: ~Copyable {
        case response(Response)
        case failed(TransportError)
        case notSent(Refusal)
    }

    private func send(
        _ method: HTTP.Method, _ endpoint: Endpoint, body: [UInt8]?,
        _ repeatability: Repeatability, _ token: AccessToken
    ) async -> Sent {
        let request: Request
        do {
            request = try Request(
                method, endpoint, headers: [Self.versionHeader],
                authorization: try Authorization.bearer(token.bytes),
                body: try body.map { bytes throws(RequestError) in try Body(plain: bytes) },
                repeatable: repeatability,
                responseCapacity: repeatability == .once ? 16 << 10 : 256 << 10)
        } catch {
            return .notSent(Refusal(.vaultFailed))
        }
        switch await transport.send(request) {
        case .response(let response): return .response(response)
        case .failed(let error): return .failed(error)
        }
    }

    private func drop(_ admin: AdminAccount) {
        tokens[admin] = nil
        accounts = nil
    }

    private func note(_ date: Int64?) {
        guard let date else { return }
        clockOffsetMilliseconds = date - clock.now().milliseconds
    }

    /// The administration endpoint of a path.
    func admin(_ segments: String...) -> Endpoint {
        segments.reduce(api.appending("admin")) { $0.appending($1) }
    }
}
