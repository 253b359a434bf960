import FoundationEssentials
import HTTP
import Rotations
import Secrets

/// What an answer means, by the table in the provider's contract.
enum Reply {
    /// Why a read, or a delete, that did not answer 2xx was in vain.
    static func refusal(_ response: borrowing Response) -> Refusal {
        let cause: Cause =
            switch response.status {
            case 401: .adminRefused
            case 403: isQuota(response) ? .quotaExceeded : .forbidden
            case 404: .targetMissing
            case 429: .rateLimited
            case 408, 500...: .noAnswer
            default: .refusedByProvider
            }
        return Refusal(
            cause, status: response.status,
            retryAfter: response.retryAfter.map { Interval(seconds: Int64($0)) })
    }

    /// The same for a failure of the transport, where what was asked for may be asked again.
    static func refusal(_ error: TransportError) -> Refusal {
        switch error {
        case .unreachable: Refusal(.unreachable)
        case .unsettled: Refusal(.noAnswer)
        }
    }

    /// What became of a call that mints a secret. The answer is not looked at.
    static func minting(_ answer: consuming Answer) -> Outcome<SecretBytes> {
        switch consume answer {
        case .response(let response):
            switch response.status {
            case 200..<300: return .done(response.takeBody())
            // 401 and 429 are not carried out either.
            case 400..<408, 409..<500: return .refused(refusal(response))
            default: return .unsettled(.noAnswer)
            }
        case .failed(.unreachable): return .refused(Refusal(.unreachable))
        case .failed(.unsettled): return .unsettled(.noAnswer)
        }
    }

    /// Decodes an answer that holds no secret.
    static func decode<T: Decodable>(_ type: T.Type, _ response: borrowing Response) -> T? {
        // A body that cannot be decoded is as good as none; the error may quote it.
        try? JSONDecoder().decode(type, from: data(response.body.bytes))
    }

    /// Pinecone's own code of an error; nil when the body is anything else.
    static func code(_ response: borrowing Response) -> String? {
        decode(Wire.Failure.self, response)?.error.code
    }

    private static func isQuota(_ response: borrowing Response) -> Bool {
        ["QUOTA_EXCEEDED", "RESOURCE_EXHAUSTED"].contains(code(response))
    }

    private static func data(_ bytes: Span<UInt8>) -> Data {
        var data = Data(capacity: bytes.count)
        for index in bytes.indices { data.append(bytes[index]) }
        return data
    }
}
