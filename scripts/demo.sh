#!/usr/bin/env bash
# The main job, as a person would do it: against an emulator on a free loopback port, in a
# directory that is gone afterwards.
# usage: scripts/demo.sh DIRECTORY_OF_THE_BINARIES
set -euo pipefail
binaries=$(cd "${1:?usage: demo.sh DIRECTORY}" && pwd)
export PATH="$binaries:$PATH"

# Not in /tmp: a hook whose directories others may write is refused.
work=$(mktemp -d "${HOME:-/root}/.keyturn-demo.XXXXXX")
emulator=
clean() {
    [ -z "$emulator" ] || { kill "$emulator" 2>/dev/null || :; wait "$emulator" 2>/dev/null || :; }
    rm -rf "$work"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
cd "$work"
export KEYTURN_STATE=$work/state NO_PROXY=127.0.0.1 no_proxy=127.0.0.1

say() { printf '\n# %s\n' "$*"; }
# Prints a command as it would be typed, then its output.
show() {
    printf '\n$ %s\n' "$*"
    bash -c "$*"
}

cat >world.json <<'JSON'
{"organizations": [{"name": "acme",
  "projects": [{"id": "8d7e2c41-0a9b-4f36-b5d1-6e3f90a2c874", "name": "search", "api_keys": [
    {"id": "c5b1e0a7-62d4-4b3f-8e19-70f8a4d2b639", "name": "search",
     "value": "pcsk_invented_value_of_the_demo", "roles": ["ProjectEditor"]}]}],
  "service_accounts": [
    {"id": "11111111-1111-4111-8111-111111111111", "name": "ops-a", "client_id": "opsA",
     "client_secret": "invented-admin-secret",
     "role_bindings": [{"resource_type": "organization", "role": "OrgOwner"}]},
    {"id": "3f0c1d52-7b64-4e19-9a80-5c2d8e6f1a07", "name": "deploys", "client_id": "deploysID",
     "client_secret": "invented-deploy-secret", "role_bindings": []}]}]}
JSON
pinecone-emulator --port 0 --port-file port --seed-file world.json >/dev/null &
emulator=$!
for _ in $(seq 100); do [ -s port ] && break; sleep 0.05; done
url=http://127.0.0.1:$(cat port)

mkdir -m 0700 out
cat >tell <<'HOOK'
#!/bin/sh
# A consumer: it reads the secret from standard input, and says only that it came.
bytes=$(wc -c)
echo "version $KEYTURN_VERSION of $KEYTURN_NAME came, $bytes bytes" >>"${0%/*}/out/told"
HOOK
chmod 0755 tell
cat >keyturn.yaml <<YAML
version: 1
connections:
  pinecone:
    api: $url
    login: $url/oauth/token
    admins: [ops-a]
policies:
  - name: ci-deployer
    service-account:
      { connection: pinecone, id: 3f0c1d52-7b64-4e19-9a80-5c2d8e6f1a07, name: deploys }
    every: 30d
    deliver:
      - file: { path: $work/out/pinecone.env, format: env }
      - command: { run: [$work/tell], input: json }
  - name: search-key
    api-key:
      connection: pinecone
      project: 8d7e2c41-0a9b-4f36-b5d1-6e3f90a2c874
      id: c5b1e0a7-62d4-4b3f-8e19-70f8a4d2b639
    every: 30d
    overlap: 24h
    deliver:
      - file: { path: $work/out/key.json, format: json, mode: "0640" }
      - command: { run: [$work/tell], input: json }
YAML
echo invented-admin-secret >admin-secret

say "A Pinecone organization is emulated at $url."
show cat keyturn.yaml
say "Set up: a state, the policies, an admin credential from standard input."
show keyturn init
show keyturn policy apply keyturn.yaml
show "keyturn login pinecone --as ops-a --client-id opsA < admin-secret"
say "What is due, and why?"
show keyturn plan
say "One pass, as the timer makes it: rotate, seal, prove, deliver."
show keyturn run
show keyturn status
show ls -l out
show cat out/told
say "A second pass finds nothing due, and changes nothing."
show keyturn run
say "The night it matters: the API key leaked."
show keyturn rotate search-key --compromised --reason leaked --ticket OPS-7 --confirm search-key
show keyturn secret show search-key
say "The evidence."
show keyturn audit list --limit 12
show keyturn audit verify
say "Shown: a service account rotated in place and an API key with overlap, each delivered to a"
echo "# file and a command; a second run that changed nothing; an emergency that retired the old"
echo "# key at once; and an audit trail that verifies. Nothing of it is left behind."
