/// The number that ASCII digits write without leading zeros; nil for anything else.
func number(decimal text: some StringProtocol) -> Int? {
    guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
        text == "0" || !text.hasPrefix("0")
    else { return nil }
    return Int(text)
}
