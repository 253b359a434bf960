#!/bin/sh
# Layout, and what reviewers always ask for.
set -u
cd "$(dirname "$0")/.."
failed=0

swift format lint --strict --recursive Sources Tests Benchmarks Package.swift || failed=1

complain() {
    [ -z "$2" ] || { echo "lint: $1:" >&2; echo "$2" | sed 's/^/  /' >&2; failed=1; }
}
complain "test files without a test" \
    "$(find Tests -name '*Tests.swift' -exec grep -L '@Test' {} +)"
complain "tests that sleep" \
    "$(grep -rnE 'Task\.sleep|usleep\(|Thread\.sleep' --include='*Tests.swift' Tests)"
complain "placeholders" \
    "$(grep -rnE 'TODO|FIXME|not (yet )?implemented' Sources deploy migrations README.md)"
complain "Foundation whole, where FoundationEssentials does" \
    "$(grep -rnE '^import Foundation$' Sources)"
complain "unchecked Sendable outside the rooms over C" \
    "$(grep -rnE '@unchecked Sendable|nonisolated\(unsafe\)' --include='*.swift' Sources |
        grep -vE '^Sources/(OpenSSL|SQLite|Curl|YAML|Linux|pinecone-emulator)/')"
complain "trailing blanks" \
    "$(git grep -nIE '[[:blank:]]+$' -- ':!Tests/Vectors' ':!*.md')"

for script in scripts/*.sh Tests/Conformance/*.sh Benchmarks/*.sh .ci/run; do
    [ -e "$script" ] || continue
    sh -n "$script" 2>/dev/null || bash -n "$script" || failed=1
done
exit $failed
