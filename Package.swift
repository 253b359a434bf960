// swift-tools-version: 6.2
import PackageDescription

/// Rooms that never see a raw pointer.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error), .strictMemorySafety()]
/// Rooms whose only work is to make a C library safe.
let overC: [SwiftSetting] = [.treatAllWarnings(as: .error)]

/// Lets a noncopyable type lend its bytes as a span, as the standard library's own types do.
let lifetimes: [SwiftSetting] = [.enableExperimentalFeature("Lifetimes")]

let argumentParser: Target.Dependency = .product(
    name: "ArgumentParser", package: "swift-argument-parser")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")
let systemPackage: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let flyingSocks: Target.Dependency = .product(name: "FlyingSocks", package: "FlyingFox")

func library(
    _ name: String, _ dependencies: [Target.Dependency], _ settings: [SwiftSetting] = strict,
    exclude: [String] = []
) -> Target {
    .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: settings)
}

func tests(
    _ name: String, _ dependencies: [Target.Dependency], _ settings: [SwiftSetting] = overC,
    resources: [Resource] = []
) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, resources: resources, swiftSettings: settings)
}

let package = Package(
    name: "keyturn",
    products: [],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-system.git", exact: "1.8.1"),
        .package(
            url: "https://github.com/swiftlang/swift-subprocess.git", exact: "1.0.2", traits: []),
        .package(url: "https://github.com/swhitty/FlyingFox.git", exact: "0.27.1"),
    ],
    targets: [
        // The C libraries of the distribution, each with what is used here and no more.
        .systemLibrary(
            name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(
            name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .target(name: "CCurl"),
        .target(name: "CLinux"),
        .target(name: "CMigrations"),
        library("OpenSSL", ["COpenSSL"], overC + lifetimes),
        library("SQLite", ["CSQLite"], overC),
        library("YAML", ["CYAML"], overC),
        library("Secrets", ["OpenSSL"], strict + lifetimes),
        library("Rotations", ["Secrets"], exclude: ["PROTOCOL.md"]),
        library("Linux", ["CLinux", "OpenSSL", "Secrets"], overC),
        library("Files", ["Linux", "Secrets"]),
        library("Processes", ["Linux", "OpenSSL", "Secrets", subprocess, systemPackage]),
        library("Audit", ["OpenSSL", "Rotations"], exclude: ["FORMAT.md"]),
        library("Vault", ["OpenSSL", "Rotations", "Secrets"], exclude: ["FORMAT.md"]),
        library(
            "Storage",
            ["Audit", "CMigrations", "Files", "OpenSSL", "Rotations", "SQLite", "Secrets", "Vault"]),
        library(
            "Handoff", ["Files", "Linux", "OpenSSL", "Processes", "Rotations", "Secrets"],
            exclude: ["CONTRACT.md"]),
        library("Reports", ["Audit", "Rotations", "Storage"]),
        library("Curl", ["CCurl", "Secrets"], overC),
        library("HTTP", ["Curl", "OpenSSL", "Secrets"]),
        library("Pinecone", ["HTTP", "OpenSSL", "Rotations", "Secrets"]),
        .executableTarget(
            name: "keyturn",
            dependencies: [
                "Audit", "Files", "HTTP", "Handoff", "Linux", "OpenSSL", "Pinecone", "Processes",
                "Reports", "Rotations", "SQLite", "Secrets", "Storage", "Vault", "YAML",
                argumentParser,
            ], swiftSettings: strict),

        // A local Admin API with faults; never linked into keyturn.
        library("PineconeEmulator", [flyingSocks]),
        .executableTarget(
            name: "pinecone-emulator", dependencies: ["PineconeEmulator", argumentParser],
            swiftSettings: strict),

        .executableTarget(
            name: "Benchmarks",
            dependencies: [
                "Audit", "Files", "Linux", "OpenSSL", "PineconeEmulator", "Processes", "Rotations",
                "SQLite", "Secrets", "Storage",
            ], path: "Benchmarks", exclude: ["run.sh"], swiftSettings: strict),

        .target(name: "LoopbackServer", path: "Tests/LoopbackServer", swiftSettings: overC),
        tests("CurlTests", ["CCurl", "Curl", "LoopbackServer", "Secrets"]),
        tests(
            "HTTPTests",
            ["Curl", "HTTP", "LoopbackServer", "OpenSSL", "Secrets", "TestSupport"]),
        .target(
            name: "TestSupport", dependencies: ["Audit", "CSQLite", "OpenSSL"],
            path: "Tests/TestSupport",
            swiftSettings: overC),
        tests("LinuxTests", ["CLinux", "Linux", "OpenSSL", "Secrets", "TestSupport"]),
        tests("FilesTests", ["Files", "Linux", "Secrets", "TestSupport"]),
        tests("ProcessesTests", ["Linux", "OpenSSL", "Processes", "Secrets", "TestSupport"]),
        tests(
            "keyturnTests",
            [
                "Audit", "Files", "Handoff", "Linux", "LoopbackServer", "OpenSSL",
                "PineconeEmulator", "Rotations", "SQLite", "Secrets", "Storage", "TestSupport",
                "Vault", "YAML", "keyturn",
            ]),
        .target(name: "VectorFiles", path: "Tests/VectorFiles", swiftSettings: strict),
        tests("OpenSSLTests", ["COpenSSL", "OpenSSL", "TestSupport", "VectorFiles"]),
        tests("SecretsTests", ["COpenSSL", "OpenSSL", "Secrets", "TestSupport"]),
        tests("AuditTests", ["Audit", "OpenSSL", "Rotations", "VectorFiles"], strict),
        tests("VaultTests", ["OpenSSL", "Rotations", "Secrets", "Vault", "VectorFiles"]),
        tests("SQLiteTests", ["SQLite", "TestSupport"]),
        tests("YAMLTests", ["YAML"], strict),
        .target(name: "FaultyDisk", dependencies: ["CSQLite"], path: "Tests/FaultyDisk"),
        tests(
            "StorageTests",
            [
                "Audit", "CMigrations", "CSQLite", "FaultyDisk", "Files", "OpenSSL", "Rotations",
                "SQLite", "Secrets",
                "Storage", "TestSupport", "Vault",
            ]),
        tests(
            "ReportsTests", ["Audit", "OpenSSL", "Reports", "Rotations", "Storage"], strict),
        tests(
            "SimulationTests",
            [
                "Audit", "FaultyDisk", "Handoff", "OpenSSL", "Pinecone", "Rotations", "SQLite",
                "Secrets",
                "Storage", "TestSupport", "Vault", "keyturn",
            ]),
        tests("HandoffTests", ["Handoff", "OpenSSL", "Rotations", "Secrets"]),
        tests(
            "PineconeTests",
            ["HTTP", "LoopbackServer", "OpenSSL", "Pinecone", "Rotations", "Secrets"]),
        tests("RotationsTests", ["Rotations"], strict),
        tests("PineconeEmulatorTests", ["PineconeEmulator", flyingSocks], strict),
    ]
)
