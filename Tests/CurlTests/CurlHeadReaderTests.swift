import Testing

@testable import Curl

@Suite struct `Header lines` {
    private func read(_ lines: [String]) -> CurlHead? {
        var reader = CurlHeadReader()
        for line in lines {
            Array((line + "\r\n").utf8).withUnsafeBufferPointer {
                reader.read($0, keeping: ["date", "x-id"])
            }
        }
        return reader.final
    }

    @Test func `make a head once the blank line is read`() {
        #expect(read(["HTTP/1.1 200 OK", "Date: x"]) == nil)
        let head = read(["HTTP/2 404", "DATE:  now and then", "Cookie: no", ""])
        #expect(head?.status == 404)
        #expect(head?.headers == ["date": "now and then"])
    }

    @Test func `of interim answers and trailers are not looked at`() {
        let head = read([
            "HTTP/1.1 100 Continue", "X-Id: 1", "", "HTTP/1.1 200 OK", "Date: a", "", "X-Id: 2",
            "HTTP/1.1 500 Later", "",
        ])
        #expect(head?.status == 200)
        #expect(head?.headers == ["date": "a"])
    }

    @Test func `are kept once, printable, and up to a length`() {
        let head = read([
            "HTTP/1.1 200 OK", "X-Id: a\u{1B}[31mb", "X-Id: c",
            "Date: " + String(repeating: "d", count: 1000), "",
        ])
        #expect(head?.headers["x-id"] == "a[31mb")
        #expect(head?.headers["date"]?.count == 256)
    }

    @Test(arguments: [
        "HTTP/1.1", "HTTP/1.1 20", "HTTP/1.1 2000", "HTTP/1.1 2x0 OK", "HTTP/1.1 -20",
    ])
    func `without a status make none`(_ line: String) {
        #expect(read([line, ""]) == nil)
    }
}
