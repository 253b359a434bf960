/// Pinecone's roles (docs.pinecone.io, "Role bindings" and "API keys"), as far as this program knows
/// them. The provider may know more, which it is asked about as they are.
package enum Role: String, Sendable, CaseIterable {
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

    /// Whether it is bound to the organization; all others are bound to a project.
    package var isForOrganization: Bool {
        switch self {
        case .orgOwner, .orgManager, .orgMember, .orgBillingAdmin: true
        default: false
        }
    }

    /// Whether an API key may have it.
    package var isForAPIKey: Bool {
        switch self {
        case .projectEditor, .projectViewer, .controlPlaneEditor, .controlPlaneViewer,
            .dataPlaneEditor, .dataPlaneViewer:
            true
        default: false
        }
    }
}
