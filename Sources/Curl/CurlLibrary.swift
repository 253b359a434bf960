import CCurl

/// libcurl, opened at the first use and kept.
enum CurlLibrary {
    /// Whether it can be used. The first to ask waits some 8 ms, so only the thread of `CurlMulti`
    /// asks.
    static let isOpen = cc_open() == CC_OPENED
}
