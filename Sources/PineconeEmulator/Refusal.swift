/// Why a request was not carried out, as the contract's error codes have it.
enum Refusal: Error, Hashable {
    case invalidArgument(String)
    case outOfRange(String)
    /// No token, a dead one, or one nobody issued.
    case unauthenticated
    /// The caller lacks the role.
    case permissionDenied
    /// The plan lacks the feature.
    case forbiddenByPlan
    case quotaExceeded
    case notFound(String)
    case alreadyExists
    /// The last owner would be gone.
    case aborted
    /// What a 500 says.
    case unknown

    var status: Int {
        switch self {
        case .invalidArgument, .outOfRange: 400
        case .unauthenticated: 401
        case .permissionDenied, .forbiddenByPlan, .quotaExceeded: 403
        case .notFound: 404
        case .alreadyExists, .aborted: 409
        case .unknown: 500
        }
    }

    var code: String {
        switch self {
        case .invalidArgument: "INVALID_ARGUMENT"
        case .outOfRange: "OUT_OF_RANGE"
        case .unauthenticated: "UNAUTHENTICATED"
        case .permissionDenied: "PERMISSION_DENIED"
        case .forbiddenByPlan: "FORBIDDEN"
        case .quotaExceeded: "QUOTA_EXCEEDED"
        case .notFound: "NOT_FOUND"
        case .alreadyExists: "ALREADY_EXISTS"
        case .aborted: "ABORTED"
        case .unknown: "UNKNOWN"
        }
    }

    private var message: String {
        switch self {
        case .invalidArgument(let message), .outOfRange(let message): message
        case .unauthenticated: "Invalid or expired token"
        case .permissionDenied: "You do not have permission to perform this action"
        case .forbiddenByPlan: "Your plan does not include service accounts"
        case .quotaExceeded: "You have reached the maximum number of API keys of this project"
        case .notFound(let kind): "\(kind) not found"
        case .alreadyExists: "Role binding already exists"
        case .aborted: "The last owner cannot be removed"
        case .unknown: "Internal server error"
        }
    }

    /// The answer of the administration API. A 401 takes the form the settings ask for.
    func response(_ settings: Settings) -> Response {
        guard self == .unauthenticated else { return Self.response(status, code, message) }
        switch settings.unauthenticatedBody {
        case .json: return Self.response(status, code, message)
        case .text: return .text(401, "Invalid API key")
        case .empty: return .empty(401)
        }
    }

    /// The error document of the administration API.
    static func response(_ status: Int, _ code: String, _ message: String) -> Response {
        .json(
            status,
            [
                "status": .int(Int64(status)),
                "error": ["code": .string(code), "message": .string(message)],
            ])
    }
}
