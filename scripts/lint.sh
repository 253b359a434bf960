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

# systemd warns about what it does not know and still ends with 0: nothing may be said at all.
if command -v systemd-analyze >/dev/null 2>&1; then
    units=$(mktemp -d)
    sed 's|/usr/local/bin/keyturn|/bin/true|' deploy/systemd/keyturn.service >"$units/keyturn.service"
    cp deploy/systemd/keyturn.timer "$units"
    complain "systemd about the units" "$(systemd-analyze verify --man=no "$units"/* 2>&1)"
    rm -rf "$units"
else
    echo "lint: systemd-analyze is absent here; the units were not verified" >&2
fi

for script in scripts/*.sh Tests/Conformance/*.sh Tests/Chaos/*.sh Benchmarks/*.sh .ci/run; do
    [ -e "$script" ] || continue
    sh -n "$script" 2>/dev/null || bash -n "$script" || failed=1
done
exit $failed
