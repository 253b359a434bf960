import CCurl

/// What the thread of `CurlMulti` works on: the transfers that run, and those that wait for a place
/// at their host. Used by that thread alone.
final class CurlLoop {
    /// The transfers of one host.
    private struct Lane {
        var running = 0
        var waiting: [CurlTransfer] = []
    }

    /// libcurl's handle. Only waking it is allowed to other threads.
    let multi: UnsafeMutableRawPointer
    private let settings: CurlSettings
    private var lanes: [String: Lane] = [:]
    private var running: [UnsafeMutableRawPointer: CurlTransfer] = [:]

    init?(_ settings: CurlSettings) {
        guard let multi = cc_multi_new(2 * settings.transfersPerHost) else { return nil }
        self.multi = multi
        self.settings = settings
    }

    /// Gives everything back to libcurl, the open connections too. What still runs or waits ends.
    func free() {
        for easy in Array(running.keys) { end(easy, .resourcesExhausted) }
        for lane in lanes.values {
            for transfer in lane.waiting { transfer.end(.resourcesExhausted) }
        }
        cc_multi_free(multi)
    }

    /// Whether nothing runs or waits.
    var isIdle: Bool { lanes.isEmpty }

    /// Takes in new transfers, in their order.
    func take(_ transfers: [CurlTransfer]) {
        for transfer in transfers {
            lanes[transfer.host, default: Lane()].waiting.append(transfer)
            fill(transfer.host)
        }
    }

    /// Moves everything on by what the sockets and the clock allow, then waits for more of it. False
    /// when libcurl itself has failed, which it does when memory is out.
    func turn() -> Bool {
        guard cc_multi_perform(multi) == CURLM_OK else { return false }
        var code = CURLE_OK
        var hasEnded = false
        while let easy = cc_multi_ended(multi, &code) {
            let host = end(easy, CurlFailure(code, proxyStatus: cc_proxy_status(easy)))
            if let host { fill(host) }
            hasEnded = true
        }
        // What took the places of the ended has to be begun before anything is waited for.
        if hasEnded { return true }
        // Woken by sockets, libcurl's timers and `cc_multi_wakeup`; the minute is only a bound.
        return cc_multi_poll(multi, 60_000) == CURLM_OK
    }

    /// Starts transfers of a host until its bound is reached.
    private func fill(_ host: String) {
        while let lane = lanes[host], lane.running < settings.transfersPerHost,
            !lane.waiting.isEmpty
        {
            guard let transfer = lanes[host]?.waiting.removeFirst() else { return }
            start(transfer)
        }
        if let lane = lanes[host], lane.running == 0, lane.waiting.isEmpty { lanes[host] = nil }
    }

    private func start(_ transfer: CurlTransfer) {
        do throws(CurlFailure) {
            let easy = try transfer.makeHandle(settings)
            guard cc_multi_add(multi, easy) == CURLM_OK else {
                cc_easy_free(easy)
                throw .resourcesExhausted
            }
            running[easy] = transfer
            lanes[transfer.host]?.running += 1
        } catch {
            transfer.freeList()
            transfer.end(error)
        }
    }

    /// Ends a transfer and returns its host, where a place is free now.
    @discardableResult
    private func end(_ easy: UnsafeMutableRawPointer, _ failure: CurlFailure?) -> String? {
        _ = cc_multi_remove(multi, easy)
        cc_easy_free(easy)
        guard let transfer = running.removeValue(forKey: easy) else { return nil }
        transfer.freeList()
        lanes[transfer.host]?.running -= 1
        transfer.end(failure)
        return transfer.host
    }
}

extension CurlTransfer {
    /// Frees the list over the header lines; the lines end with the transfer.
    fileprivate func freeList() {
        cc_lines_free(list)
        list = nil
    }
}
