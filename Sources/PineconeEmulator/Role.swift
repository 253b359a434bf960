/// What a binding or an API key allows; the contract's closed list.
package enum Role: String, Sendable, Hashable, CaseIterable {
    case orgOwner = "OrgOwner"
    case orgManager = "OrgManager"
    case orgMember = "OrgMember"
    case orgBillingAdmin = "OrgBillingAdmin"
    case projectOwner = "ProjectOwner"
    case projectManager = "ProjectManager"
    case projectMember = "ProjectMember"
    case projectEditor = "ProjectEditor"
    case projectViewer = "ProjectViewer"
    case controlPlaneEditor = "ControlPlaneEditor"
    case controlPlaneViewer = "ControlPlaneViewer"
    case dataPlaneEditor = "DataPlaneEditor"
    case dataPlaneViewer = "DataPlaneViewer"

    /// Whether it is bound to an organization; all others are bound to a project.
    package var isForOrganization: Bool {
        switch self {
        case .orgOwner, .orgManager, .orgMember, .orgBillingAdmin: true
        case .projectOwner, .projectManager, .projectMember, .projectEditor, .projectViewer,
            .controlPlaneEditor, .controlPlaneViewer, .dataPlaneEditor, .dataPlaneViewer:
            false
        }
    }

    /// Whether an API key may hold it.
    package var isForAPIKey: Bool {
        switch self {
        case .projectEditor, .projectViewer, .controlPlaneEditor, .controlPlaneViewer,
            .dataPlaneEditor, .dataPlaneViewer:
            true
        case .orgOwner, .orgManager, .orgMember, .orgBillingAdmin, .projectOwner,
            .projectManager, .projectMember:
            false
        }
    }

    /// Whether a key with this role alone may list indexes.
    package var opensControlPlane: Bool {
        switch self {
        case .dataPlaneEditor, .dataPlaneViewer: false
        default: true
        }
    }
}

/// A role and where it holds: a binding without its principal.
package struct Grant: Sendable, Hashable {
    /// Where a role holds.
    package enum Scope: Sendable, Hashable {
        case organization
        /// By the project's id.
        case project(String)
    }

    /// What is allowed.
    package let role: Role
    /// Where.
    package let scope: Scope

    /// An organization role; a mistake of ours if it is a project's.
    package static func organization(_ role: Role) -> Grant {
        precondition(role.isForOrganization)
        return Grant(role: role, scope: .organization)
    }

    /// A role in one project; a mistake of ours if it is an organization's.
    package static func project(_ id: String, _ role: Role) -> Grant {
        precondition(!role.isForOrganization)
        return Grant(role: role, scope: .project(id))
    }
}
