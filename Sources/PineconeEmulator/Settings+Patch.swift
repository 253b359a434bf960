import FoundationEssentials

extension Settings {
    /// Why a patch was not taken; nothing was changed then.
    package enum PatchError: Error, Hashable {
        /// It is not a JSON object.
        case notAnObject
        /// There is no such setting.
        case unknown(String)
        /// The value is not one this setting can have.
        case unfit
    }

    /// All settings as JSON, unset ones as null.
    package var json: JSON {
        get throws {
            let written = try JSON(reading: Array(JSONEncoder().encode(self)))
            return .object(
                CodingKeys.allCases.map {
                    JSON.Member(name: $0.rawValue, value: written[$0.rawValue] ?? .null)
                })
        }
    }

    /// These settings with those named in `patch` replaced; null unsets what can be unset.
    package func patched(by patch: JSON) throws -> Settings {
        guard case .object(let changes) = patch, case .object(let members) = try json else {
            throw PatchError.notAnObject
        }
        for change in changes where CodingKeys(rawValue: change.name) == nil {
            throw PatchError.unknown(change.name)
        }
        let merged = JSON.object(
            members.map { JSON.Member(name: $0.name, value: patch[$0.name] ?? $0.value) })
        do {
            let patched = try JSONDecoder().decode(Settings.self, from: Data(merged.text.utf8))
            guard patched.isPossible else { throw PatchError.unfit }
            return patched
        } catch {
            throw PatchError.unfit
        }
    }

    private var isPossible: Bool {
        let durations = [
            oldSecretLifeMs, oldTokenLifeMs ?? 0, newSecretDelayMs, deletedVisibleMs,
            deletedKeyLifeMs, newKeyDelayMs, latencyMs,
        ]
        return durations.allSatisfy { $0 >= 0 } && (expiresIn ?? 1) > 0
            && [401, 403].contains(wrongSecretStatus) && [200, 201].contains(apiKeyCreateStatus)
            && [404, 500].contains(absentAPIKeyDeleteStatus) && (1...100).contains(pageSizeCap)
            && (apiKeyQuota ?? 0) >= 0 && (rateLimit?.every ?? 1) > 0
    }
}
