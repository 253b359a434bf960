import Testing

@testable import Rotations

struct FreezeTests {
    private let from = at("2026-12-20")
    private let until = at("2027-01-03")

    private func freeze(_ names: Freeze.Names) throws -> Freeze {
        try Freeze(from: from, until: until, owner: "ops", reason: "holidays", names: names)
    }

    @Test func `its first instant belongs to it and its end does not`() throws {
        let freeze = try freeze(.all)
        #expect(freeze.isActive(at: from))
        #expect(freeze.isActive(at: Timestamp(milliseconds: until.milliseconds - 1)))
        #expect(!freeze.isActive(at: until))
        #expect(!freeze.isActive(at: Timestamp(milliseconds: from.milliseconds - 1)))
    }

    @Test func `it covers all names or those it lists`() throws {
        #expect(try freeze(.all).covers("ci"))
        #expect(try freeze(.only(["ci", "db"])).covers("ci"))
        #expect(try !freeze(.only(["ci", "db"])).covers("ci-2"))
    }

    @Test func `without an end, an owner, a reason or a name it is refused`() {
        #expect(throws: FreezeError.endsBeforeItBegins) {
            try Freeze(from: from, until: from, owner: "ops", reason: "x", names: .all)
        }
        #expect(throws: FreezeError.noOwner) {
            try Freeze(from: from, until: until, owner: " ", reason: "x", names: .all)
        }
        #expect(throws: FreezeError.noReason) {
            try Freeze(from: from, until: until, owner: "ops", reason: "", names: .all)
        }
        #expect(throws: FreezeError.noNames) { try freeze(.only([])) }
    }

    @Test func `it survives being written`() throws {
        for names in [Freeze.Names.all, .only(["all"]), .only(["b", "a"])] {
            let freeze = try freeze(names)
            #expect(try value(Freeze.self, json: json(freeze)) == freeze)
        }
        let text = """
            {"from":1797724800000,"names":"all","owner":"ops","reason":"holidays",\
            "until":1798934400000}
            """
        #expect(try json(freeze(.all)) == text)
    }

    @Test(arguments: [
        #"{"from":5,"until":5,"owner":"o","reason":"r","names":"all"}"#,
        #"{"from":5,"until":6,"owner":"o","reason":"r","names":"some"}"#,
        #"{"from":5,"until":6,"owner":"o","reason":"r","names":[]}"#,
        #"{"from":5,"until":6,"owner":"o","reason":"r","names":7}"#,
        #"{"from":5,"until":6,"owner":"o","names":"all"}"#,
    ])
    func `JSON is checked as well`(_ text: String) {
        #expect(throws: (any Error).self) { try value(Freeze.self, json: text) }
    }
}
