/// Division that rounds towards minus infinity, which is how calendars before 1970 count.
extension BinaryInteger {
    /// The quotient, rounded down, and what is left: never negative for a positive divisor.
    func floorDivided(by divisor: Self) -> (quotient: Self, remainder: Self) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
