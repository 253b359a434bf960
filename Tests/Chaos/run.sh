#!/bin/sh
# Kills keyturn at random, and checks what must always hold.
# usage: Tests/Chaos/run.sh DIRECTORY_OF_THE_BINARIES
set -eu

binaries=$(cd "${1:?usage: run.sh DIRECTORY}" && pwd)
here=$(cd "$(dirname "$0")" && pwd)

# Not in /tmp: a hook whose directories others may write is refused.
work=$(mktemp -d "${HOME:-/root}/.keyturn-chaos.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 PYTHONDONTWRITEBYTECODE=1
# It mostly waits, so both at once.
python3 "$here/together.py" "$binaries" "$work" >"$work/together.out" 2>&1 &
together=$!
failed=0
python3 "$here/chaos.py" "$binaries" "$work" || failed=1
wait "$together" || failed=1
cat "$work/together.out"
exit "$failed"
