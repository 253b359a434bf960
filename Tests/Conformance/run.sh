#!/bin/sh
# Drives the emulator, and keyturn against it, with the official Pinecone SDK; and has what keyturn
# seals and exports read by programs of other people.
# usage: Tests/Conformance/run.sh DIRECTORY_OF_THE_BINARIES
set -eu

binaries=$(cd "${1:?usage: run.sh DIRECTORY}" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
venv=$root/.build/conformance-venv

# The requirements that made the environment lie in it: it is made anew when they change.
if ! cmp -s "$here/requirements.txt" "$venv/requirements.txt"; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
    cp "$here/requirements.txt" "$venv/requirements.txt"
fi

# Not in /tmp: a hook whose directories others may write is refused.
work=$(mktemp -d "${HOME:-/root}/.keyturn-conformance.XXXXXX")
pid=
clean() {
    [ -z "$pid" ] || { kill "$pid" 2>/dev/null || :; wait "$pid" 2>/dev/null || :; }
    rm -rf "$work"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

unset PINECONE_API_KEY PINECONE_CLIENT_ID PINECONE_CLIENT_SECRET PINECONE_CONTROLLER_HOST
export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 PYTHONDONTWRITEBYTECODE=1

# A script against an emulator of its own, since scripts move its clock and its world.
against_emulator() {
    script=$1
    shift
    rm -f "$work/port"
    "$binaries/pinecone-emulator" --port 0 --port-file "$work/port" \
        --seed-file "$here/seed.json" >"$work/out" &
    pid=$!
    tries=0
    until [ -s "$work/port" ]; do
        tries=$((tries + 1))
        if [ "$tries" -gt 200 ] || ! kill -0 "$pid" 2>/dev/null; then
            echo "run.sh: the emulator did not start" >&2
            exit 1
        fi
        sleep 0.05
    done
    "$venv/bin/python" "$here/$script" "http://127.0.0.1:$(cat "$work/port")" \
        "$here/seed.json" "$@"
    kill "$pid"
    wait "$pid" || :
    pid=
}

# The vault's format, read by somebody else's code.
"$venv/bin/python" "$here/open_vault.py"
# The trail, checked by other people's programs. Go's own packages come from Debian.
go_packages=/usr/share/gocode
checker=
if command -v go >/dev/null 2>&1 && [ -d $go_packages/src/golang.org/x/mod/sumdb ]; then
    checker=$root/.build/conformance-trail
    GO111MODULE=off GOPATH=$go_packages GOCACHE=$root/.build/go-cache CGO_ENABLED=0 \
        go build -o "$checker" "$here/trail.go"
else
    echo "run.sh: without golang-go and golang-golang-x-mod-dev, Go does not check the trail" >&2
fi
"$venv/bin/python" "$here/trail.py" "$binaries/keyturn" "$work" ${checker:+"$checker"}
against_emulator emulator.py
against_emulator keyturn.py "$binaries/keyturn" "$work"
against_emulator administration.py "$binaries/keyturn" "$work"
against_emulator hooks.py "$binaries/keyturn" "$work"
against_emulator schedules.py "$binaries/keyturn" "$work"
