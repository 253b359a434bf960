import Rotations
import Testing

@testable import keyturn

/// What a policy may say, and how it is told that it may not.
@Suite struct PolicyReaderTests {
    /// The eighth line of a policy, from column 5 on.
    static let lines = [
        Wrong(
            "polcy: 1",
            "8:5: a policy has no key `polcy` (the keys of a policy are name, service-account, api-key, strategy, at, last-rotated, labels, deliver, env-names, after, every, from, cron, first, spread, window, max-age, overlap, keep, attempts, acknowledge, gate-deadline, on-deadline)"
        ),
        Wrong("max-ag: 40d", "8:5: a policy has no key `max-ag` (did you mean `max-age`?)"),
        Wrong(
            "acknowledge: true",
            "8:18: `acknowledge` says when an old credential is retired, and in place it dies at once (leave `acknowledge` out)"
        ),
        Wrong("every: 1d", "8:5: `every` is here twice"),
        Wrong(
            "strategy: inplace",
            "8:15: `strategy` is expected to be one of in-place, overlap, and this is `inplace` (did you mean `in-place`?)"
        ),
        Wrong(
            "overlap: 24h",
            "8:14: an in-place rotation has no overlap: the old secret dies at once (leave `overlap` out)"
        ),
        Wrong(
            "max-age: 29d",
            "8:14: `max-age` is 29d, and the interval is 30d: it would always be overdue (make `max-age` longer than the interval)"
        ),
        Wrong(
            "spread: 6",
            "8:13: `spread` is expected to be a duration, and this is `6` (write a whole number and one of s, m, h, d, w, such as 30d)"
        ),
        Wrong(
            "keep: many",
            "8:11: `keep` is expected to be a whole number from 1 to 100, and this is `many`"),
        Wrong(
            "attempts: 0",
            "8:15: `attempts` is expected to be a whole number from 1 to 1000, and this is `0`"),
        Wrong(
            "first: later",
            "8:12: `first` is expected to be one of due, after-interval, and this is `later`"),
        Wrong(
            "last-rotated: yesterday",
            "8:19: `last-rotated` is expected to be a time, and this is `yesterday` (write 2026-05-04 or 2026-05-04T09:30:00Z)"
        ),
        Wrong(
            "cron: 0 3 * * *",
            "5:5: a policy has one of `every`, `cron` and `at`, and this has `every` and `cron`"),
        Wrong(
            "after: [{ reload: app }]",
            "8:23: `app` is no name of a unit (write it with its type: app.service)"),
        Wrong(
            "after: [{ reload: app.service, restart: app.service }]",
            "8:13: an item of `after` has one of command, reload, restart and signal (for example - reload: app.service)"
        ),
        Wrong(
            "after: [{ signal: { name: KILL, pid-file: /run/app.pid } }]",
            "8:31: `name` is expected to be one of HUP, USR1, USR2, and this is `KILL`"),
        Wrong(
            "after: [{ reload: a.service }, { reload: a.service }]",
            "8:36: `after:reload a.service` is here twice"),
        Wrong("labels: [a]", "8:13: `labels` is expected to be a mapping, and this is a list"),
        Wrong(
            "labels: { env: [a] }",
            "8:20: the label `env` is expected to be a text, and this is a list"),
        Wrong(
            "env-names: { api-key: 9LIVES }",
            "8:27: `9LIVES` is no name of a variable (letters, digits and `_`, and no digit first)"),
        Wrong(
            "env-names: { key: X }",
            "8:18: `env-names` has no key `key` (the keys of `env-names` are client-id, client-secret, api-key)"
        ),
        Wrong(
            "api-key: { connection: pinecone }",
            "8:14: a policy has one of `service-account` and `api-key`, and this has both (make two policies of it)"
        ),
    ]

    /// Lines 7 on of a policy without a schedule.
    static let schedules = [
        Wrong(
            "",
            "5:5: a policy needs one of the keys `every`, `cron` and `at` (write every: 30d here or under `defaults:`)"
        ),
        Wrong("every: 59s", "7:12: an interval of 59s is under a minute"),
        Wrong("every: 0s", "7:12: an interval of 0s is under a minute"),
        Wrong(
            "every: 30",
            "7:12: `every` is expected to be a duration, and this is `30` (write a whole number and one of s, m, h, d, w, such as 30d)"
        ),
        Wrong("every: [30d]", "7:12: `every` is expected to be a text, and this is a list"),
        Wrong(
            "at: noon",
            "7:9: `at` is expected to be a time, and this is `noon` (write 2026-05-04 or 2026-05-04T09:30:00Z)"
        ),
        Wrong("cron: 0 3 31 2 *", "7:11: `cron`: never runs: no month of 2 has day 31"),
        Wrong(
            "every: 12h\n    window: { days: Sun, from: \"02:00\", to: \"05:00\" }",
            "7:12: an interval of 12h can never be kept: the window is shorter, and closed for 165h before it opens again (make the interval longer, or the window)"
        ),
        Wrong("cron: 0 25 * * *", "7:11: `cron`: hour: expected 0 to 23, found 25"),
        Wrong(
            "cron: 0 3 * *",
            "7:11: `cron`: expected five fields (minute, hour, day of month, month, day of week), found 4"
        ),
    ]

    static let windows = [
        Wrong("{ days: Mon-Fri, from: \"02:00\" }", "8:13: `window` needs the key `to`"),
        Wrong(
            "{ days: Mon-Fri, from: \"2:00 pm\", to: \"05:00\" }",
            "8:36: `from` is expected to be a time of day, and this is `2:00 pm` (write from: \"02:00\")"
        ),
        Wrong(
            "{ days: Moonday, from: \"02:00\", to: \"05:00\" }",
            "8:21: `days` is expected to be days of the week, and this is `Moonday` (write Mon-Fri, or Mon,Wed, or daily)"
        ),
        Wrong(
            "{ from: \"02:00\", to: \"05:00\", zone: Europe/Berln }",
            "8:49: the system has no time zone `Europe/Berln` (did you mean `Europe/Berlin`?)"),
        Wrong(
            "{ from: \"24:00\", to: \"05:00\" }",
            "8:21: a window cannot begin at 24:00 (write 00:00)"),
        Wrong(
            "{ form: \"02:00\", to: \"05:00\" }",
            "8:15: `window` has no key `form` (did you mean `from`?)"),
        Wrong(
            "nightly", "8:13: `window` is expected to be a mapping of keys, and this is `nightly`"),
    ]

    @Test func `a service account overlaps only where the policy says so`() throws {
        let plain = try Reading.parse(Reading.policy()).policies.first?.policy.terms
        #expect(plain?.strategy == .inPlace)
        let sibling = try Reading.parse(
            Reading.policy(
                "strategy: overlap", "overlap: 2h", "deliver:",
                "  - file: { path: /run/ci/env, format: env }")
        ).policies.first?.policy.terms
        #expect(sibling?.strategy == .overlap)
        #expect(sibling?.overlap == .hours(2))
    }

    @Test(arguments: [
        "file: { path: /run/ci/secret }", "file: { path: /run/ci/secret, format: raw }",
        "command: { run: [/bin/push], input: raw }",
    ])
    func `a value without its client id is of no use beside a sibling`(_ destination: String) {
        let column = destination.hasPrefix("file") ? 23 : 26
        #expect(
            Reading.problems(
                Reading.policy("strategy: overlap", "deliver:", "  - \(destination)"))
                == [
                    "10:\(column): `raw` leaves the client id out, and with `overlap` it changes "
                        + "with the secret (write env or json, and let the consumer read both)"
                ])
    }

    @Test(arguments: lines)
    func `a line of a policy that is wrong says so`(_ wrong: Wrong) {
        #expect(Reading.problems(Reading.policy(wrong.text)) == [wrong.expected])
    }

    @Test(arguments: schedules)
    func `a schedule that is wrong says so`(_ wrong: Wrong) {
        let text =
            Reading.head + "  - name: ci\n"
            + "    service-account: { connection: pinecone, id: \(Reading.account) }\n"
            + "    \(wrong.text)\n"
        #expect(Reading.problems(text) == [wrong.expected])
    }

    @Test(arguments: windows)
    func `a window that is wrong says so`(_ wrong: Wrong) {
        #expect(Reading.problems(Reading.policy("window: \(wrong.text)")) == [wrong.expected])
    }

    @Test func `an anchor without an interval is refused`() {
        let text = """
            \(Reading.head)  - name: ci
                service-account: { connection: pinecone, id: \(Reading.account) }
                cron: 0 3 * * *
                from: 2026-01-01
            """
        #expect(
            Reading.problems(text) == [
                "8:11: `from` anchors an interval, and this policy has `cron` "
                    + "(leave `from` out, or write every: 30d)"
            ])
    }

    static let targets = [
        Wrong(
            "service-account: { connection: pincone, id: \(Reading.account) }",
            "6:36: there is no connection `pincone` (did you mean `pinecone`?)"),
        Wrong(
            "service-account: { connection: weaviate, id: \(Reading.account) }",
            "6:36: there is no connection `weaviate` (declare it under `connections:` in this file)"
        ),
        Wrong(
            "service-account: { id: \(Reading.account) }",
            "6:22: `service-account` needs the key `connection`"),
        Wrong(
            "service-account: { connection: pinecone, id: deploys }",
            "6:50: `id` is expected to be a UUID, and this is `deploys` (copy it from the Pinecone console or the Admin API)"
        ),
        Wrong(
            "service-account: { connection: pinecone, id: \(Reading.account), project: x }",
            "6:88: `service-account` has no key `project` (the keys of `service-account` are connection, id, name)"
        ),
        Wrong(
            "api-key: { connection: pinecone, id: \(Reading.other) }",
            "6:14: `api-key` needs the key `project`"),
        Wrong("labels: {}", "5:5: a policy needs one of the keys `service-account` and `api-key`"),
    ]

    @Test(arguments: targets)
    func `a credential that cannot be meant is refused`(_ wrong: Wrong) {
        let text = Reading.head + "  - name: ci\n    \(wrong.text)\n    every: 30d\n"
        #expect(Reading.problems(text) == [wrong.expected])
    }

    @Test(arguments: ["Ci", "1ci", "ci deployer", "ci/x", "-ci", String(repeating: "a", count: 64)])
    func `a name that would not do as one is refused`(_ name: String) {
        let text = Reading.policy().replacing("name: ci", with: "name: \"\(name)\"")
        #expect(
            Reading.problems(text) == ["5:11: `\(name)` is no name for a policy (\(Names.hint))"])
    }
}
