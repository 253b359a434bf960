import HTTP
import Testing

@Suite struct `An endpoint` {
    @Test(arguments: [
        ("https://api.pinecone.io", "https://api.pinecone.io/"),
        ("https://API.Pinecone.io/", "https://api.pinecone.io/"),
        ("HTTPS://host:8443/a/b//", "https://host:8443/a/b"),
        ("https://host/a%20b/~c;d=e", "https://host/a%20b/~c;d=e"),
        ("https://[2001:DB8::1]:443/x", "https://[2001:db8::1]:443/x"),
        ("https://10.0.0.1", "https://10.0.0.1/"),
        ("http://localhost:80", "http://localhost:80/"),
        ("http://LOCALHOST/x", "http://localhost/x"),
        ("http://127.0.0.1:1", "http://127.0.0.1:1/"),
        ("http://127.255.3.9:65535", "http://127.255.3.9:65535/"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
    ])
    func `is read from a good address`(_ text: String, _ url: String) throws {
        #expect(try Endpoint(text).url == url)
    }

    @Test(
        arguments: [
            ("", .schemeUnknown), ("host", .schemeUnknown), ("ftp://host", .schemeUnknown),
            ("https:/host", .schemeUnknown), ("file:///etc/passwd", .schemeUnknown),
            (" https://host", .schemeUnknown), ("//host", .schemeUnknown),
            ("http://host", .notEncrypted), ("http://127.0.0.1.evil.com", .notEncrypted),
            ("http://127.0.0.1.", .hostInvalid), ("http://localhost.evil.com", .notEncrypted),
            ("http://127.1", .notEncrypted), ("http://0x7f.0.0.1", .notEncrypted),
            ("http://127.0.0.01", .notEncrypted), ("http://127.0.0.256", .notEncrypted),
            ("http://128.0.0.1", .notEncrypted), ("http://0.0.0.0", .notEncrypted),
            ("http://[::ffff:127.0.0.1]", .notEncrypted), ("http://[::2]", .notEncrypted),
            ("https://user@host", .namesUser), ("https://user:secret@host/x", .namesUser),
            ("http://localhost@evil.com", .namesUser),
            ("https://", .hostInvalid), ("https:///x", .hostInvalid),
            ("https://:443", .hostInvalid),
            ("https://a..b", .hostInvalid), ("https://höst", .hostInvalid),
            ("https://a b", .hostInvalid), ("https://a\\b", .hostInvalid),
            ("https://[::1", .hostInvalid),
            ("https://[::1]x", .hostInvalid), ("https://[gg::1]", .hostInvalid),
            ("https://[fe80::1%25eth0]", .hostInvalid), ("https://a%2eb", .hostInvalid),
            ("https://host\0", .hostInvalid), ("https://ho\nst", .hostInvalid),
            ("https://host:", .portInvalid), ("https://host:0", .portInvalid),
            ("https://host:65536", .portInvalid), ("https://host:8a", .portInvalid),
            ("https://host:+80", .portInvalid), ("https://host:80:80", .portInvalid),
            ("https://host/a b", .pathInvalid), ("https://host/../x", .pathInvalid),
            ("https://host/a/.", .pathInvalid), ("https://host/%2", .pathInvalid),
            ("https://host/%zz", .pathInvalid), ("https://host/ä", .pathInvalid),
            ("https://host/a\r\nX: y", .pathInvalid),
            ("https://host?x=1", .hasQuery), ("https://host/x#y", .hasQuery),
            ("https://host/" + String(repeating: "a", count: 2048), .tooLong),
        ] as [(String, EndpointError)])
    func `is not read from a bad one`(_ text: String, _ error: EndpointError) {
        #expect(throws: error) { try Endpoint(text) }
    }

    @Test func `keeps what is appended in its place`() throws {
        let endpoint = try Endpoint("https://host/base")
            .appending("a/b", "..", ".", "?#%", "ü", "\r\n").asking("q", "a&b=c").asking("p", "+ ")
        #expect(
            endpoint.url == "https://host/base/a%2Fb/%2E%2E/%2E/%3F%23%25/%C3%BC/%0D%0A"
                + "?q=a%26b%3Dc&p=%2B%20")
        #expect(endpoint.origin == "https://host")
    }

    @Test(arguments: EndpointError.allCases)
    func `says in one sentence what is wrong`(_ error: EndpointError) {
        #expect(!error.description.isEmpty)
        #expect(!error.description.hasSuffix("."))
    }
}
