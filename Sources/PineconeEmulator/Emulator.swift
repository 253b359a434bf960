import FoundationEssentials
import Synchronization

/// A local Pinecone: the Admin API, the login host and `GET /indexes` on one port of 127.0.0.1,
/// true to `reference/pinecone-admin-api.md`, faults included.
///
/// Many may run in one process. All of it may be called from any thread, running or not.
package final class Emulator: Sendable {
    private let clock: @Sendable () -> Int64
    private let state: Mutex<State>
    private let listener = Mutex<Listener?>(nil)
    /// The organization that the convenience methods mean when none is named.
    package let organizationID: String

    struct State: Sendable {
        var service: Service
        var waiters = Waiters()
    }

    /// An emulator that does not listen yet. A world without an organization gets one.
    /// - Parameter clock: the present in milliseconds since 1970, see `SimulatedClock`.
    package init(
        world: World = World(), settings: Settings = Settings(),
        clock: @escaping @Sendable () -> Int64 = Emulator.systemClock
    ) {
        var world = world
        let now = Timestamp(ms: clock())
        let first = world.organizations.values.min { $0.id < $1.id }
        organizationID = (first ?? world.addOrganization(name: "acme", at: now)).id
        self.clock = clock
        state = Mutex(State(service: Service(world: world, settings: settings)))
    }

    /// The system's clock, in milliseconds since 1970.
    package static let systemClock: @Sendable () -> Int64 = {
        Int64(Date().timeIntervalSince1970 * 1000)
    }

    /// Listens on 127.0.0.1; port 0 takes a free one. Clients may connect when it returns.
    package func start(port: UInt16 = 0) async throws {
        let listener = try Listener(port: port)
        self.listener.withLock { $0 = listener }
        try await listener.run(for: self)
    }

    /// Breaks all connections and frees the port. The world stays as it is, and `start` may
    /// follow, on the same port or another: a Pinecone that was away.
    package func stop() {
        listener.withLock { listener in
            listener?.stop()
            listener = nil
        }
    }

    /// The port, while running.
    package var port: UInt16? {
        listener.withLock { $0?.port }
    }

    /// `http://127.0.0.1:PORT`, of the administration API and of the login host, whose path is
    /// `/oauth/token`. Our mistake if it is not running.
    package var url: String {
        guard let port else { preconditionFailure("the emulator has not been started") }
        return "http://127.0.0.1:\(port)"
    }

    /// Where tokens are issued.
    package var tokenURL: String {
        url + "/oauth/token"
    }

    /// Starts an emulator, runs the body, and stops it whatever happens.
    package static func withRunning<Result>(
        world: World = World(), settings: Settings = Settings(),
        clock: @escaping @Sendable () -> Int64 = Emulator.systemClock,
        isolation: isolated (any Actor)? = #isolation,
        _ body: (Emulator) async throws -> Result
    ) async throws -> Result {
        let emulator = Emulator(world: world, settings: settings, clock: clock)
        try await emulator.start()
        defer { emulator.stop() }
        return try await body(emulator)
    }

    /// Reads or changes everything at once, at the emulator's present.
    package func withService<Result>(
        _ body: (inout Service, Timestamp) throws -> sending Result
    ) rethrows -> sending Result {
        let (result, wake) = try state.withLock { state in
            let now = Timestamp(ms: clock() + state.service.clockOffsetMs)
            let result = try body(&state.service, now)
            return (result, state.waiters.takeSatisfied(by: state.service.tally))
        }
        for continuation in wake { continuation.resume() }
        return result
    }

    func withWaiters<Result>(
        _ body: (inout Waiters, Tally) throws -> sending Result
    ) rethrows -> sending Result {
        try state.withLock { try body(&$0.waiters, $0.service.tally) }
    }
}

/// What a connection asks.
extension Emulator {
    func admit(_ request: Request) -> Service.Admission {
        withService { $0.admit(request, at: $1) }
    }

    func carryOut(_ ticket: Service.Ticket) -> Delivery {
        withService { $0.carryOut(ticket, at: $1) }
    }
}
