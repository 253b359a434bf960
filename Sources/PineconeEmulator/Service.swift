/// A world with its settings, faults and counts: decides what happens to each request.
///
/// A value, like the world in it. The edge asks twice: `admit` before the request is carried out
/// and `carryOut` afterwards, since real time may pass between the two.
package struct Service: Sendable {
    /// What there is.
    package internal(set) var world: World
    /// How it behaves from now on.
    package var settings: Settings
    /// What goes wrong next.
    package internal(set) var faults = FaultQueue()
    /// What was asked and carried out.
    package private(set) var tally = Tally()
    /// What `advanceClock` added to the clock.
    package var clockOffsetMs: Int64 = 0
    private var requestsForRateLimit = 0
    private var requestIDs = Mint(seed: 0)  // apart, so that requests leave the world's ids alone

    /// A service over a seeded world.
    package init(world: World, settings: Settings = Settings()) {
        self.world = world
        self.settings = settings
    }

    /// What is decided before a request is carried out.
    enum Admission: Sendable {
        /// It never is.
        case answered(Delivery)
        /// It will be, after these real milliseconds.
        case carryOut(Ticket, afterMs: Int64)
    }

    /// An admitted request.
    struct Ticket: Sendable {
        let request: Request
        let route: Route
        let number: Int

        /// What faults may be aimed at.
        var target: String? {
            route.operation == .token ? request.fields?["client_id"] : route.id?.lowercased()
        }
    }

    /// Writes the request down, and prevents it if a fault or a setting says so.
    mutating func admit(_ request: Request, at now: Timestamp) -> Admission {
        let route = Route(method: request.method, path: request.path)
        let number = tally.arrived(request, route?.operation, at: now)
        guard let route else {
            return answered(Refusal.notFound("Path").response(settings), number, request, now)
        }
        let ticket = Ticket(request: request, route: route, number: number)
        if let limit = settings.rateLimit {
            requestsForRateLimit += 1
            if requestsForRateLimit.isMultiple(of: limit.every) {
                let response = Delivery.failure(429, retryAfterSeconds: limit.retryAfterSeconds)
                return answered(response, number, request, now)
            }
        }
        let latencyMs = settings.latencyMs / 2
        switch faults.prevention(of: route.operation, target: ticket.target) {
        case nil: return .carryOut(ticket, afterMs: latencyMs)
        case .delay(let ms): return .carryOut(ticket, afterMs: latencyMs + ms)
        case .close: return .answered(Delivery(.empty(500), .closeBeforeHeaders))
        case .hang: return .answered(Delivery(.empty(500), .hang))
        case .status(401, _):
            return answered(unauthenticated(route.operation), number, request, now)
        case .status(let status, let seconds):
            let response = Delivery.failure(status, retryAfterSeconds: seconds)
            return answered(response, number, request, now)
        }
    }

    /// Carries an admitted request out, and lets its answer suffer if a fault says so.
    mutating func carryOut(_ ticket: Ticket, at now: Timestamp) -> Delivery {
        let call = Call(
            request: ticket.request, route: ticket.route, settings: settings, now: now)
        var delivery = Delivery(world.respond(to: call))
        delivery.delayMs = settings.latencyMs - settings.latencyMs / 2
        if delivery.response.isSuccess {
            tally.commits(ticket.number, ticket.route)
            if let loss = faults.loss(of: ticket.route.operation, target: ticket.target) {
                delivery = delivery.suffering(loss)
            }
        }
        complete(&delivery.response, ticket.request, now)
        switch delivery.manner {
        case .whole, .closeInBody:
            tally.answers(ticket.number, status: delivery.response.status)
        case .closeBeforeHeaders, .hang: tally.answers(ticket.number, status: nil)
        }
        return delivery
    }

    /// What a fault's 401 looks like where the request went.
    private func unauthenticated(_ operation: Operation) -> Response {
        switch operation {
        case .token: World.wrongSecret(settings, status: 401)
        case .listIndexes: World.invalidAPIKey
        default: Refusal.unauthenticated.response(settings)
        }
    }

    private mutating func answered(
        _ response: Response, _ number: Int, _ request: Request, _ now: Timestamp
    ) -> Admission {
        var response = response
        complete(&response, request, now)
        tally.answers(number, status: response.status)
        return .answered(Delivery(response))
    }

    /// Adds what every answer carries.
    private mutating func complete(_ response: inout Response, _ request: Request, _ now: Timestamp)
    {
        let date = now.adding(ms: settings.dateSkewSeconds * 1000).httpDate
        response.headers.insert(Response.Header("Date", date), at: 0)
        if let version = request.headers["x-pinecone-api-version"] {
            response.headers.append(Response.Header("X-Pinecone-Api-Version", version))
        }
        response.headers.append(
            Response.Header("x-pinecone-request-id", requestIDs.identifier()))
    }
}
