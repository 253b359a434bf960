import Testing

@testable import Rotations

struct RetryTests {
    private let now = at("2026-05-04T09:30:00Z")

    @Test func `waits grow as P29 says`() {
        let minutes = [0, 1, 5, 15, 60, 120, 240, 480, 720, 720, 720].map(Interval.minutes)
        for (index, wait) in minutes.enumerated() {
            #expect(Retry.nextTry(after: index + 1, at: now, retryAfter: nil) == now + wait)
        }
        #expect(Retry.nextTry(after: .max, at: now, retryAfter: nil) == now + .hours(12))
        #expect(Retry.nextTry(after: 0, at: now, retryAfter: nil) == now)
        #expect(Retry.nextTry(after: .min, at: now, retryAfter: nil) == now)
    }

    @Test func `the provider can make a wait longer and never shorter`() {
        #expect(Retry.nextTry(after: 1, at: now, retryAfter: .minutes(2)) == now + .minutes(2))
        #expect(Retry.nextTry(after: 5, at: now, retryAfter: .minutes(2)) == now + .hours(1))
        #expect(Retry.nextTry(after: 5, at: now, retryAfter: .hours(2)) == now + .hours(2))
    }

    @Test func `no wait is longer than twelve hours`() {
        for failures in 1...20 {
            #expect(
                Retry.nextTry(after: failures, at: now, retryAfter: .longest) == now + .hours(12))
        }
    }

    @Test func `a rotation is parked after its attempts`() {
        #expect(!Retry.isParked(failures: 0, attempts: 5))
        #expect(!Retry.isParked(failures: 4, attempts: 5))
        #expect(Retry.isParked(failures: 5, attempts: 5))
        #expect(Retry.isParked(failures: 6, attempts: 5))
        #expect(!Retry.isParked(failures: 0, attempts: 0))
        #expect(Retry.isParked(failures: 1, attempts: 0))
    }
}
