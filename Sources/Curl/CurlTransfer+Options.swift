import CCurl
import Secrets

extension CurlTransfer {
    /// A handle of libcurl's, set up for this transfer. One option that is not taken, and there is
    /// none: each of them is there because something else would be unsafe.
    ///
    /// The handle points into the transfer, which must outlive it.
    func makeHandle(_ settings: CurlSettings) throws(CurlFailure) -> UnsafeMutableRawPointer {
        guard let easy = cc_easy_new() else { throw .resourcesExhausted }
        let options = EasyOptions(easy)
        do {
            try setAddress(options, settings)
            try setLimits(options, settings)
            try setTrust(options, settings)
            try setProxy(options, settings.proxy)
            try setRequest(options, settings)
            try setCallbacks(options)
        } catch {
            cc_easy_free(easy)
            throw error
        }
        return easy
    }

    private func setAddress(_ set: EasyOptions, _ settings: CurlSettings) throws(CurlFailure) {
        try set.text(CURLOPT_PROTOCOLS_STR, isLoopback ? "https,http" : "https")
        try set.text(CURLOPT_URL, url)
        // Otherwise libcurl removes dot segments, and the path is not the one that was checked.
        try set.number(CURLOPT_PATH_AS_IS, 1)
        try set.number(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
        // A redirect would carry the credentials to another host.
        try set.number(CURLOPT_FOLLOWLOCATION, 0)
        try set.number(CURLOPT_NETRC, 0)
    }

    private func setLimits(_ set: EasyOptions, _ settings: CurlSettings) throws(CurlFailure) {
        try set.number(CURLOPT_NOSIGNAL, 1)
        try set.number(CURLOPT_TIMEOUT_MS, settings.limit.wholeMilliseconds)
        try set.number(CURLOPT_CONNECTTIMEOUT_MS, settings.connectLimit.wholeMilliseconds)
    }

    private func setTrust(_ set: EasyOptions, _ settings: CurlSettings) throws(CurlFailure) {
        try set.number(CURLOPT_SSL_VERIFYPEER, 1)
        try set.number(CURLOPT_SSL_VERIFYHOST, 2)
        try set.number(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        if let authorities = settings.authorities {
            try set.text(CURLOPT_CAINFO, authorities)
            // Else the distribution's directory of authorities would be trusted beside the file.
            try set.text(CURLOPT_CAPATH, nil)
        }
        try set.check(cc_set_privacy(set.easy))
    }

    private func setProxy(
        _ set: EasyOptions, _ proxy: CurlSettings.Proxy
    ) throws(CurlFailure) {
        // Header lines are for the host alone, never for the proxy.
        try set.number(CURLOPT_HEADEROPT, Int(CURLHEADER_SEPARATE))
        try set.number(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        switch isLoopback ? .none : proxy {
        case .environment: break
        case .none: try set.text(CURLOPT_PROXY, "")
        case .at(let address):
            try set.text(CURLOPT_PROXY, address)
            try set.text(CURLOPT_NOPROXY, "")
        }
    }

    private func setRequest(_ set: EasyOptions, _ settings: CurlSettings) throws(CurlFailure) {
        try set.text(CURLOPT_USERAGENT, settings.userAgent)
        var hasBody: Int32 = 0
        switch body {
        case .some(let body):
            hasBody = 1
            try set.number(CURLOPT_POST, 1)
            try set.check(place(body) { cc_set_body(set.easy, $0.baseAddress, $0.count) })
        case nil where method == "POST":
            try set.number(CURLOPT_POST, 1)
            try set.check(cc_set_body(set.easy, nil, 0))
        case nil: break
        }
        try set.text(CURLOPT_CUSTOMREQUEST, method)

        // libcurl sends a request again by itself when a reused connection dies before the answer
        // begins (Curl_retry_request): it may have arrived both times. A request that must be sent
        // once goes over a connection of its own, where that never applies, and where a connection
        // that died while idle cannot make the outcome doubtful. In HTTP/1.1: HTTP/2 has refused
        // streams and downgrades that libcurl repeats as well. `maySend` is the second lock on the
        // same door. Once answered, the connection is free for requests that may be repeated.
        try set.number(CURLOPT_FRESH_CONNECT, mayReuseConnection ? 0 : 1)
        let version = mayBeResent ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1
        try set.number(CURLOPT_HTTP_VERSION, version)

        // The list begins with an empty "Expect:". With "Expect: 100-continue" libcurl would send
        // the head, wait up to a second for a 100, and on a 417 send all of it again.
        list = place(lines) { cc_lines_over($0.baseAddress, $0.count, hasBody) }
        guard list != nil else { throw .resourcesExhausted }
        try set.check(cc_set_lines(set.easy, list))
    }

    private func setCallbacks(_ set: EasyOptions) throws(CurlFailure) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        try set.check(
            cc_set_sending_function(
                set.easy, { context, _, _, _, _ in transfer(context).maySend() ? 0 : 1 }, context))
        try set.check(
            cc_set_header_function(
                set.easy,
                { bytes, size, count, context in
                    transfer(context).read(line: buffer(bytes, size * count))
                    return size * count
                }, context))
        try set.check(
            cc_set_body_function(
                set.easy,
                { bytes, size, count, context in
                    transfer(context).read(body: buffer(bytes, size * count))
                }, context))
    }
}

/// Sets options and takes no for an error.
private struct EasyOptions {
    let easy: UnsafeMutableRawPointer

    init(_ easy: UnsafeMutableRawPointer) { self.easy = easy }

    func check(_ code: CURLcode) throws(CurlFailure) {
        switch code {
        case CURLE_OK: return
        case CURLE_OUT_OF_MEMORY: throw .resourcesExhausted
        default: throw .optionRefused
        }
    }

    func number(_ option: CURLoption, _ value: Int) throws(CurlFailure) {
        try check(cc_set_long(easy, option, value))
    }

    /// libcurl copies the text.
    func text(_ option: CURLoption, _ value: String?) throws(CurlFailure) {
        try check(cc_set_text(easy, option, value))
    }
}

/// Where a secret of the transfer lies. libcurl may keep the place: memory of the secure heap does
/// not move, and the transfer outlives its handle.
private func place<Result>(
    _ secret: borrowing SecretBytes, _ use: (UnsafeBufferPointer<UInt8>) -> Result
) -> Result {
    secret.bytes.withUnsafeBufferPointer(use)
}

private func transfer(_ context: UnsafeMutableRawPointer?) -> CurlTransfer {
    guard let context else { preconditionFailure("a callback without its transfer") }
    return Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
}

private func buffer(
    _ bytes: UnsafeMutablePointer<CChar>?, _ count: Int
) -> UnsafeBufferPointer<UInt8> {
    let raw = UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : count)
    return raw.assumingMemoryBound(to: UInt8.self)
}

extension Duration {
    /// At least 1, since 0 means "no limit" to libcurl.
    fileprivate var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        return Int(clamping: max(1, seconds * 1000 + attoseconds / 1_000_000_000_000_000))
    }
}
