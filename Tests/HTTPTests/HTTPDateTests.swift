import Testing

@testable import HTTP

@Suite struct `A date in a header` {
    @Test(arguments: [
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777_000),
        ("Tue, 29 Feb 2000 23:59:59 GMT", 951_868_799_000),
        ("Wed, 01 Mar 2000 00:00:00 GMT", 951_868_800_000),
        ("Thu, 31 Dec 2026 23:59:60 GMT", 1_798_761_600_000),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799_000),
    ])
    func `is read`(_ text: String, _ milliseconds: Int64) {
        #expect(HTTPDate.milliseconds(text) == milliseconds)
    }

    @Test(arguments: [
        "", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
        "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:00 GMT", "Sun, 31 Nov 1994 08:49:37 GMT",
        "Mon, 29 Feb 2100 00:00:00 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT", "Xyz, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov +994 08:49:37 GMT", "Sun, 06 Nov 1969 08:49:37 GMT",
    ])
    func `is not read in any other form`(_ text: String) {
        #expect(HTTPDate.milliseconds(text) == nil)
    }

    @Test(
        arguments: [
            ("0", 0), ("120", 120), ("999999999", 999_999_999), ("9999999999", nil), ("-1", nil),
            ("1.5", nil), ("", nil), ("soon", nil), ("Sun, 06 Nov 1994 08:50:37 GMT", 60),
            ("Sun, 06 Nov 1994 08:00:00 GMT", 0),
        ] as [(String, Int?)])
    func `or a number of seconds says how long to wait`(_ text: String, _ seconds: Int?) {
        let date = HTTPDate.milliseconds("Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(HTTPDate.secondsToWait(text, since: date) == seconds)
    }

    @Test func `to wait for means nothing without a date to count from`() {
        #expect(HTTPDate.secondsToWait("Sun, 06 Nov 1994 08:50:37 GMT", since: nil) == nil)
    }
}
