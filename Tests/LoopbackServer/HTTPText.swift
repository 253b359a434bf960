/// An answer in HTTP/1.1 with a Content-Length.
package func httpAnswer(_ status: Int, _ headers: [String] = [], body: String = "") -> String {
    let lines = ["HTTP/1.1 \(status) Whatever"] + headers + ["Content-Length: \(body.utf8.count)"]
    return lines.joined(separator: "\r\n") + "\r\n\r\n" + body
}
