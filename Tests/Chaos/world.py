"""A world of its own: an emulated Pinecone, a state, and the consumers that its policies name."""

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import time
import urllib.request
import uuid
from pathlib import Path

# No command takes longer: the longest waits are a minute of evidence, and a minute for a lock.
LIMIT = 400


def identifier(name):
    """The same UUID for the same name."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))


def secret_of(name):
    """The client secret that an account had before anything was rotated."""
    return f"invented-secret-of-{name}-".ljust(64, "0")


PROJECT = identifier("project")
ADMINS = ("ops-a", "ops-b")
# In-place accounts; the second admin is one of them.
ACCOUNTS = ("a0", "a1", "a2", "ops-b")
# API keys, and how long an old one lives beside its successor.
KEYS = {"k0": "0s", "k1": "1s", "k2": "4s"}
# Accounts that are rotated like keys: a sibling with the same bindings is made beside them.
SIBLINGS = {"s0": "1s", "s1": "3s"}
POLICIES = (*ACCOUNTS, *KEYS, *SIBLINGS)
# Those whose consumer need not be told.
BEST_EFFORT = ("a2", "k2", "s1")
# What is none of ours, also where it looks as though it were (P16).
FOREIGN_KEYS = ("theirs", "k0~01ARZ3NDEKTSV4RRFFQ69G5FAV")
FOREIGN_ACCOUNTS = ("theirs", "ops-a", "s0~01ARZ3NDEKTSV4RRFFQ69G5FAV")

HOOK = """#!/bin/sh
# A consumer that may be slow, and keeps what it was given.
out=${0%/*}/out
: >"$out/$KEYTURN_NAME.running"
[ ! -e "$out/slow" ] || sleep "$(cat "$out/slow")"
cat >"$out/$KEYTURN_NAME.part.$$" || exit 1
mv "$out/$KEYTURN_NAME.part.$$" "$out/$KEYTURN_NAME.hook"
echo "$(date +%s%3N) $KEYTURN_VERSION" >>"$out/$KEYTURN_NAME.log"
rm -f "$out/$KEYTURN_NAME.running"
"""


class Emulator:
    """A process of its own, and its control surface."""

    def __init__(self, binaries, directory, seed):
        port = directory / "port"
        (directory / "seed.json").write_text(json.dumps(seed))
        self.process = subprocess.Popen(
            [binaries / "pinecone-emulator", "--port", "0", "--port-file", port,
             "--seed-file", directory / "seed.json"],
            stdout=subprocess.DEVNULL)
        for _ in range(600):
            if port.exists():
                break
            assert self.process.poll() is None, "the emulator did not start"
            time.sleep(0.05)
        self.url = f"http://127.0.0.1:{int(port.read_text())}"
        self.defaults = self.control("GET", "settings")

    def control(self, method, path, body=None):
        """A request to the emulator's own surface."""
        request = urllib.request.Request(
            f"{self.url}/_emulator/{path}", method=method,
            data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)

    def mend(self):
        """Nothing goes wrong any longer."""
        self.control("DELETE", "faults")
        self.control("PATCH", "settings", self.defaults)

    def stop(self):
        self.process.kill()
        self.process.wait()


class Ended:
    """What became of a process: its status as Python has it, and what it said."""

    def __init__(self, arguments, status, output, conversation):
        self.arguments = arguments
        self.status = status
        self.output = output
        self.conversation = conversation

    def __str__(self):
        said = (self.output + self.conversation).strip().replace("\n", " | ")
        return f"keyturn {' '.join(self.arguments)}: {self.status}: {said[-600:]}"


class World:
    """One organization at Pinecone, and everything that keeps it rotated."""

    def __init__(self, binaries, directory, number_of_accounts=None, tells=False):
        directory.mkdir(mode=0o700)
        self.keyturn = str(binaries / "keyturn")
        self.directory = directory
        self.out = directory / "out"
        self.out.mkdir(mode=0o700)
        self.state = directory / "state"
        self.database = self.state / "keyturn.db"
        self.configuration = directory / "keyturn.yaml"
        self.hook = directory / "hook"
        self.hook.write_text(HOOK)
        self.hook.chmod(0o755)
        self.accounts = ACCOUNTS
        self.keys = KEYS
        self.siblings = SIBLINGS
        if number_of_accounts is not None:
            self.accounts = tuple(f"a{number}" for number in range(number_of_accounts))
            self.keys, self.siblings = {}, {}
        self.emulator = Emulator(binaries, directory, self.seed())
        # Every value that was ever seen at the emulator, and everything that was ever printed.
        self.secrets = set()
        self.ended = []
        self.tells = tells
        self.started = time.monotonic()
        self.live()

    def close(self):
        self.emulator.stop()

    def remove(self):
        shutil.rmtree(self.directory, ignore_errors=True)

    # Pinecone

    def seed(self):
        """The organization as it is before anything was rotated."""
        owner = [{"resource_type": "organization", "role": "OrgOwner"}]
        editor = [{"resource_type": "organization", "role": "OrgMember"},
                  {"resource_type": "project", "resource_id": PROJECT, "role": "ProjectEditor"}]

        def account(name):
            return {"id": identifier(name), "name": name, "client_id": self.client_id(name),
                    "client_secret": secret_of(name),
                    "role_bindings": owner if name in ADMINS else editor}

        def key(name):
            return {"id": identifier(name), "name": name, "roles": ["ProjectEditor"],
                    "value": f"pcsk_first_{name}_".replace("~", "_").ljust(75, "0")}

        accounts = sorted({*self.accounts, *self.siblings, *ADMINS, *FOREIGN_ACCOUNTS})
        return {"organizations": [{
            "name": "acme",
            "projects": [{"id": PROJECT, "name": "search",
                          "api_keys": [key(name) for name in (*self.keys, *FOREIGN_KEYS)]}],
            "service_accounts": [account(name) for name in accounts]}]}

    @staticmethod
    def client_id(name):
        return identifier(f"client of {name}").replace("-", "")

    def live(self):
        """The live accounts and keys by id, as Pinecone has them; their values are remembered."""
        organization = self.emulator.control("GET", "state")["organizations"][0]
        accounts = {account["id"]: account for account in organization["service_accounts"]}
        keys = {key["id"]: key for key in organization["projects"][0]["api_keys"]}
        self.secrets.update(account["client_secret"] for account in accounts.values())
        self.secrets.update(key["value"] for key in keys.values())
        return accounts, keys

    @property
    def policies(self):
        return (*self.accounts, *self.keys, *self.siblings)

    # Commands

    def environment(self):
        return {**os.environ, "KEYTURN_STATE": str(self.state)}

    def start(self, arguments, before=()):
        """Starts keyturn, under the program in `before`, if any."""
        return subprocess.Popen(
            [*before, self.keyturn, *arguments], env=self.environment(), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def finish(self, process, arguments):
        """Waits for its end."""
        output, conversation = process.communicate(timeout=LIMIT)
        return self.note(Ended(arguments, process.returncode, output, conversation))

    def note(self, ended):
        self.ended.append(ended)
        if self.tells:
            print(f"{time.monotonic() - self.started:7.1f} {ended}", flush=True)
        return ended

    def run(self, *arguments):
        return self.finish(self.start(arguments), arguments)

    def must(self, *arguments, stdin=None):
        """Runs what must work, and returns its standard output."""
        done = subprocess.run(
            [self.keyturn, *arguments], env=self.environment(), text=True, timeout=LIMIT,
            input=stdin, capture_output=True, check=False)
        ended = self.note(Ended(arguments, done.returncode, done.stdout, done.stderr))
        assert done.returncode == 0, str(ended)
        return done.stdout

    def objects(self, *arguments):
        return [json.loads(line) for line in self.must(*arguments, "--json").splitlines()]

    def set_up(self):
        """A state with its policies and admins; nothing is rotated yet."""
        self.must("init")
        self.write_policies()
        self.must("policy", "apply", str(self.configuration))
        for admin in ADMINS:
            self.must(
                "login", "pinecone", "--as", admin, "--client-id", self.client_id(admin),
                stdin=secret_of(admin) + "\n")

    def write_policies(self, due=()):
        """The configuration; those in `due` are to be rotated once, now."""
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        text = f"""version: 1
connections:
  pinecone:
    api: "{self.emulator.url}"
    login: "{self.emulator.url}/oauth/token"
    admins: [{", ".join(ADMINS)}]
policies:
"""
        for name in self.policies:
            when = f'at: "{now}"' if name in due else "every: 30d"
            file = "env"
            if name in self.keys:
                target = (f"api-key: {{ connection: pinecone, project: {PROJECT}, "
                          f"id: {identifier(name)} }}\n    overlap: {self.keys[name]}")
                file = "raw"
            else:
                target = (f"service-account: {{ connection: pinecone, id: {identifier(name)}, "
                          f"name: {name} }}")
            if name in self.siblings:
                target += f"\n    strategy: overlap\n    overlap: {self.siblings[name]}"
            # The last of its kind tells its consumer by the way: best effort.
            required = "false" if name in BEST_EFFORT else "true"
            text += f"""  - name: {name}
    {target}
    {when}
    deliver:
      - file: {{ path: {self.out / name}.{file}, format: {file} }}
      - command: {{ run: [{self.hook}], input: json, timeout: 10s, required: {required} }}
"""
        self.configuration.write_text(text)
        self.configuration.chmod(0o600)

    # What is on the disk

    def query(self, sql, *values):
        """Reads the database; it is never written from here."""
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=60) as database:
            rows = database.execute(sql, values).fetchall()
        database.close()
        return rows

    @contextlib.contextmanager
    def keeping_database(self):
        """Others may read, and nobody may write; nothing is written here either."""
        database = sqlite3.connect(self.database, isolation_level=None, timeout=60)
        try:
            database.execute("BEGIN IMMEDIATE")
            yield
            database.execute("ROLLBACK")
        finally:
            database.close()

    def delivered(self):
        """What the consumers have: policy, path and value of each destination that has one."""
        for name in self.policies:
            for suffix in ("env", "raw", "hook"):
                path = self.out / f"{name}.{suffix}"
                if path.exists():
                    yield name, path, value_in(path.read_text())

    def hook_log(self, name):
        """When a consumer was told which version, in milliseconds since 1970."""
        path = self.out / f"{name}.log"
        lines = path.read_text().splitlines() if path.exists() else []
        return [tuple(int(part) for part in line.split()) for line in lines]

    def slow_down(self, seconds):
        """Consumers take so long from now on."""
        if seconds:
            (self.out / "slow").write_text(str(seconds))
        else:
            (self.out / "slow").unlink(missing_ok=True)


def value_in(text):
    """The secret in a payload of any format."""
    if text.startswith("{"):
        payload = json.loads(text)
        return payload.get("client_secret") or payload.get("api_key")
    for line in text.splitlines():
        if line.startswith("PINECONE_CLIENT_SECRET="):
            return line.partition("=")[2].strip("'")
    return text
