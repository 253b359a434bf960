/// How this Pinecone behaves where the contract leaves room. Defaults are the contract's.
///
/// Durations are in milliseconds of the emulator's clock. A change counts for what happens
/// afterwards: a secret replaced before keeps the remaining life it was given.
package struct Settings: Sendable, Hashable, Codable {
    /// How long a secret still works after its replacement.
    package var oldSecretLifeMs: Int64 = 0
    /// How long the tokens of an account work after its rotation; nil lets them reach their expiry.
    package var oldTokenLifeMs: Int64? = 0
    /// How long a secret just issued is refused; Auth0 says up to 30,000.
    package var newSecretDelayMs: Int64 = 0
    /// What `expires_in` says, in seconds, and how long a token lives; nil leaves the field out
    /// (the token then lives 1800 seconds).
    package var expiresIn: Int64? = 1800
    /// Status for a wrong secret: 401 or 403.
    package var wrongSecretStatus: Int = 401
    /// Body of that answer.
    package var wrongSecretBody: BodyForm = .json
    /// Body of a 401 on `/admin`; as text it is `Invalid API key`.
    package var unauthenticatedBody: BodyForm = .json
    /// Status of a created API key: 200 as seen, or 201 as documented.
    package var apiKeyCreateStatus: Int = 200
    /// Status of deleting an API key that does not exist: 404, or 500 as once seen.
    package var absentAPIKeyDeleteStatus: Int = 404
    /// How long a deleted key, account or (2026-04 only) binding is still shown.
    package var deletedVisibleMs: Int64 = 0
    /// How long the value of a deleted key is still accepted.
    package var deletedKeyLifeMs: Int64 = 0
    /// How long the value of a new key is refused.
    package var newKeyDelayMs: Int64 = 0
    /// Whether the plan lacks service accounts: then all their paths answer 403.
    package var serviceAccountsForbidden: Bool = false
    /// Most API keys a project may have; one more is 403 `QUOTA_EXCEEDED`. Nil is no limit.
    package var apiKeyQuota: Int?
    /// Which requests get 429; nil is none.
    package var rateLimit: RateLimit?
    /// Most items on one page, however many are asked for.
    package var pageSizeCap: Int = 100
    /// What `pagination` is on the last page.
    package var lastPage: LastPage = .null
    /// How object times are written.
    package var timestamps: TimestampForm = .seconds
    /// Seconds by which the `Date` header is ahead of the emulator's clock.
    package var dateSkewSeconds: Int64 = 0
    /// Real milliseconds that each answer takes: half of them before the request is carried out.
    package var latencyMs: Int64 = 0

    /// Whether a refusal has a JSON, a plain text, or an empty body.
    package enum BodyForm: String, Sendable, Codable, CaseIterable {
        case json, text, empty
    }

    /// `"pagination": null`, or no such field.
    package enum LastPage: String, Sendable, Codable, CaseIterable {
        case null, absent
    }

    /// `…:00Z` or `…:00.000Z`.
    package enum TimestampForm: String, Sendable, Codable, CaseIterable {
        case seconds, milliseconds
    }

    /// Every n-th request is answered 429, without being carried out.
    package struct RateLimit: Sendable, Hashable, Codable {
        /// 1 is every request, 3 every third.
        package var every: Int
        /// The `Retry-After` header; nil leaves it out.
        package var retryAfterSeconds: Int?

        /// A mistake of ours if `every` is not positive.
        package init(every: Int, retryAfterSeconds: Int? = nil) {
            precondition(every > 0)
            self.every = every
            self.retryAfterSeconds = retryAfterSeconds
        }

        enum CodingKeys: String, CodingKey {
            case every
            case retryAfterSeconds = "retry_after_seconds"
        }
    }

    /// The defaults of the contract.
    package init() {}

    enum CodingKeys: String, CodingKey, CaseIterable {
        case oldSecretLifeMs = "old_secret_life_ms"
        case oldTokenLifeMs = "old_token_life_ms"
        case newSecretDelayMs = "new_secret_delay_ms"
        case expiresIn = "expires_in"
        case wrongSecretStatus = "wrong_secret_status"
        case wrongSecretBody = "wrong_secret_body"
        case unauthenticatedBody = "unauthenticated_body"
        case apiKeyCreateStatus = "api_key_create_status"
        case absentAPIKeyDeleteStatus = "absent_api_key_delete_status"
        case deletedVisibleMs = "deleted_visible_ms"
        case deletedKeyLifeMs = "deleted_key_life_ms"
        case newKeyDelayMs = "new_key_delay_ms"
        case serviceAccountsForbidden = "service_accounts_forbidden"
        case apiKeyQuota = "api_key_quota"
        case rateLimit = "rate_limit"
        case pageSizeCap = "page_size_cap"
        case lastPage = "last_page"
        case timestamps
        case dateSkewSeconds = "date_skew_seconds"
        case latencyMs = "latency_ms"
    }
}
