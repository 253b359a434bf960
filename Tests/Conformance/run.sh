#!/bin/sh
# Drives the emulator, whose binary is the first argument, with the official Pinecone SDK.
# usage: Tests/Conformance/run.sh .build/debug/pinecone-emulator
set -eu

emulator=${1:?usage: run.sh EMULATOR_BINARY}
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

work=$(mktemp -d)
pid=
clean() {
    [ -z "$pid" ] || { kill "$pid" 2>/dev/null || :; wait "$pid" 2>/dev/null || :; }
    rm -rf "$work"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

"$emulator" --port 0 --port-file "$work/port" --seed-file "$here/seed.json" >"$work/out" &
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

env -u PINECONE_API_KEY -u PINECONE_CLIENT_ID -u PINECONE_CLIENT_SECRET \
    -u PINECONE_CONTROLLER_HOST NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 PYTHONDONTWRITEBYTECODE=1 \
    "$venv/bin/python" "$here/emulator.py" "http://127.0.0.1:$(cat "$work/port")" "$here/seed.json"
