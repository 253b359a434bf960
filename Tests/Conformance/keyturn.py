"""Runs keyturn against the emulator and asks the official SDK what it thinks of the result.

usage: keyturn.py URL SEED_FILE KEYTURN_BINARY DIRECTORY
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import case
import sdk
from emulator import OneLine

URL, KEYTURN, WORK = sys.argv[1], sys.argv[3], Path(sys.argv[4])
# Kill moments are random; the seed is printed, and KEYTURN_SEED replays it.
SEED = int(os.environ.get("KEYTURN_SEED", time.time_ns() % 1_000_000))


class Keyturn:
    """A state of its own, with policies over accounts and keys made for it."""

    def __init__(self, name):
        self.directory = WORK / name
        (self.directory / "out").mkdir(parents=True, mode=0o700)
        self.state = self.directory / "state"
        self.hook = self.directory / "hook"
        # It keeps what it got, and what others could see of it meanwhile.
        self.hook.write_text(
            "#!/bin/sh\n"
            "cat > \"${0%/*}/out/$KEYTURN_NAME.hook\"\n"
            "cat /proc/$$/cmdline /proc/$$/environ > \"${0%/*}/out/$KEYTURN_NAME.seen\"\n"
        )
        self.hook.chmod(0o755)
        self.policies = []

    def environment(self):
        return {**os.environ, "KEYTURN_STATE": str(self.state)}

    def run(self, *arguments, stdin=None):
        return subprocess.run(
            [KEYTURN, *arguments],
            input=stdin,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def must(self, *arguments, stdin=None):
        done = self.run(*arguments, stdin=stdin)
        assert done.returncode == 0, (arguments, done.returncode, done.stdout[-800:], done.stderr[-800:])
        return done.stdout

    def objects(self, *arguments):
        return [json.loads(line) for line in self.must(*arguments, "--json").splitlines()]

    def account_policy(self, name, account, overlap=None):
        out = self.directory / "out"
        strategy = f"strategy: overlap\n    overlap: {overlap}" if overlap else "strategy: in-place"
        self.policies.append(f"""
  - name: {name}
    service-account: {{ connection: pinecone, id: {account.id}, name: {account.name} }}
    {strategy}
    every: 30d
    deliver:
      - file: {{ path: {out / name}.env, format: env }}
      - command: {{ run: [{self.hook}], input: json }}""")

    def key_policy(self, name, key_id, overlap):
        out = self.directory / "out"
        self.policies.append(f"""
  - name: {name}
    api-key: {{ connection: pinecone, project: {case.PROJECT}, id: {key_id} }}
    every: 30d
    overlap: {overlap}
    deliver:
      - file: {{ path: {out / name}.raw, format: raw }}""")

    def set_up(self, admin):
        text = f"""version: 1
connections:
  pinecone: {{ api: "{URL}", login: "{URL}/oauth/token", admins: [ops] }}
policies:{"".join(self.policies)}
"""
        file = self.directory / "keyturn.yaml"
        file.write_text(text)
        file.chmod(0o600)
        self.must("init")
        self.must("policy", "apply", str(file))
        self.must(
            "login", "pinecone", "--as", "ops", "--client-id", admin["client_id"],
            stdin=admin["client_secret"] + "\n",
        )

    def delivered(self, name, variable):
        for line in (self.directory / "out" / f"{name}.env").read_text().splitlines():
            if line.startswith(variable + "="):
                return line.partition("=")[2]
        return None

    def secret(self, name):
        return self.delivered(name, "PINECONE_CLIENT_SECRET")

    def hook_secret(self, name):
        return json.loads((self.directory / "out" / f"{name}.hook").read_text())["client_secret"]

    def key(self, name):
        return (self.directory / "out" / f"{name}.raw").read_text()


class KeyturnCase(case.Case):
    def test_a_rotated_account_refuses_the_old_secret_and_accepts_the_delivered_one(self):
        account, old = self.account("deploys")
        keyturn = Keyturn("single")
        keyturn.account_policy("ci", account)
        keyturn.set_up(self.ops)
        keyturn.must("run")
        self.assertFalse(self.accepts(account, old))
        self.assertTrue(self.accepts(account, keyturn.secret("ci")))
        self.assertEqual(keyturn.secret("ci"), keyturn.hook_secret("ci"))

    def test_a_rotated_key_lives_beside_the_old_one_until_the_overlap_ends(self):
        created = self.key("search")
        keyturn = Keyturn("key")
        keyturn.key_policy("search", created.key.id, "3s")
        keyturn.set_up(self.ops)
        keyturn.must("run")
        self.assertTrue(sdk.accepts_api_key(URL, created.value))
        self.assertTrue(sdk.accepts_api_key(URL, keyturn.key("search")))
        time.sleep(4)
        keyturn.must("run")
        self.assertFalse(sdk.accepts_api_key(URL, created.value))
        self.assertTrue(sdk.accepts_api_key(URL, keyturn.key("search")))

    def test_a_sibling_has_the_same_bindings_and_the_old_account_lives_until_the_overlap_ends(self):
        account, old = self.account(
            "bots",
            role_bindings=[
                {"resource_type": "project", "resource_id": case.PROJECT, "role": "ProjectEditor"},
                {"resource_type": "organization", "role": "OrgMember"},
            ],
        )
        bystander, _ = self.account("bots")
        bindings = self.bindings(account.id)
        keyturn = Keyturn("sibling")
        keyturn.account_policy("batch", account, overlap="3s")
        keyturn.set_up(self.ops)
        keyturn.must("run")
        client_id, secret = keyturn.delivered("batch", "PINECONE_CLIENT_ID"), keyturn.secret("batch")
        self.assertNotEqual(client_id, account.client_id)
        self.assertTrue(sdk.accepts_client_secret(URL, client_id, secret))
        self.assertTrue(self.accepts(account, old))
        accounts = {found.client_id: found for found in self.admin.service_accounts.list()}
        sibling = accounts[client_id]
        self.assertTrue(sibling.name.startswith("bots~"))
        self.assertEqual(self.bindings(sibling.id), bindings)
        member = self.sign_in({"client_id": client_id, "client_secret": secret})
        self.assertIn(case.PROJECT, [project.id for project in member.projects.list()])
        time.sleep(4)
        keyturn.must("run")
        self.assertFalse(self.accepts(account, old))
        self.assertTrue(sdk.accepts_client_secret(URL, client_id, secret))
        left = {found.id for found in self.admin.service_accounts.list()}
        gone = {found.id for found in accounts.values()} - left
        self.assertEqual(gone, {account.id})
        self.assertIn(bystander.id, left)

    def bindings(self, account_id):
        listed = self.admin.role_bindings.list(
            principal_type="service_account", principal_id=account_id
        )
        return {(found.resource_type, found.resource_id, found.role) for found in listed}

    def test_fifty_due_policies_are_rotated_once_and_a_second_run_rotates_none(self):
        keyturn = Keyturn("fifty")
        accounts = [self.account(f"account-{number}") for number in range(50)]
        for number, (account, _) in enumerate(accounts):
            keyturn.account_policy(f"p{number}", account)
        keyturn.set_up(self.ops)
        summary = keyturn.objects("run")[-1]
        self.assertEqual((summary["due"], summary["rotated"], summary["exit"]), (50, 50, 0))
        rotations = case.control("GET", "state")["rotations"]
        self.assertEqual(keyturn.objects("run")[-1]["rotated"], 0)
        self.assertEqual(case.control("GET", "state")["rotations"], rotations)
        for number, (account, old) in enumerate(accounts):
            self.assertEqual(rotations[account.id], 1)
            self.assertTrue(self.accepts(account, keyturn.secret(f"p{number}")))
            self.assertFalse(self.accepts(account, old))
        self.assert_no_plaintext(keyturn, [keyturn.secret(f"p{n}") for n in range(50)])

    def test_no_secret_is_seen_beside_a_hook_or_in_what_is_printed(self):
        account, _ = self.account("seen")
        keyturn = Keyturn("seen")
        keyturn.account_policy("ci", account)
        keyturn.set_up(self.ops)
        printed = "".join(
            keyturn.must(*arguments)
            for arguments in (
                ["run", "--json"], ["status", "--json"], ["secret", "show", "ci", "--json"],
                ["audit", "list", "--json", "--limit", "1000"], ["check"], ["plan", "--json"],
            )
        )
        secret = keyturn.secret("ci")
        seen = (keyturn.directory / "out" / "ci.seen").read_bytes()
        self.assertIn(b"KEYTURN_NAME=ci", seen)
        for hidden in (secret, self.ops["client_secret"]):
            self.assertNotIn(hidden.encode(), seen)
            self.assertNotIn(hidden, printed)
        self.assert_no_plaintext(keyturn, [secret, self.ops["client_secret"]])
        self.assertIn(secret, keyturn.must("secret", "reveal", "ci", "--reason", "test"))

    def test_another_user_of_the_host_gets_nothing(self):
        account, _ = self.account("other")
        keyturn = Keyturn("other")
        keyturn.account_policy("ci", account)
        keyturn.set_up(self.ops)
        for path in (keyturn.state, Path(str(keyturn.state) + ".key")):
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)
        for path in keyturn.state.rglob("*"):
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)

    def test_a_terminated_run_writes_everything_down_and_the_next_goes_on(self):
        keyturn = Keyturn("terminated")
        accounts = [self.account(f"terminated-{number}")[0] for number in range(12)]
        for number, account in enumerate(accounts):
            keyturn.account_policy(f"p{number}", account)
        keyturn.set_up(self.ops)
        case.control("PATCH", "settings", {"latency_ms": 150})
        process = subprocess.Popen(
            [KEYTURN, "run", "--jobs", "2"], env=keyturn.environment(),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 128 + signal.SIGTERM, said)
        case.control("PATCH", "settings", {"latency_ms": 0})
        keyturn.must("audit", "verify")
        self.settle(keyturn)
        rotations = case.control("GET", "state")["rotations"]
        for number, account in enumerate(accounts):
            self.assertTrue(self.accepts(account, keyturn.secret(f"p{number}")))
            self.assertEqual(rotations[account.id], 1)

    def test_killed_at_random_moments_nothing_is_lost(self):
        print(f"       kill moments from KEYTURN_SEED={SEED}", flush=True)
        moments = random.Random(SEED)
        keyturn = Keyturn("killed")
        accounts = [self.account(f"killed-{number}")[0] for number in range(6)]
        keys = self.keys = [self.key(f"k{n}") for n in range(2)]
        for number, account in enumerate(accounts):
            keyturn.account_policy(f"p{number}", account)
        for number, created in enumerate(keys):
            keyturn.key_policy(f"k{number}", created.key.id, "1h")
        replaced = self.account("killed-sibling")[0]
        keyturn.account_policy("s0", replaced, overlap="1h")
        keyturn.set_up(self.ops)
        killed = 0
        for _ in range(10):
            process = subprocess.Popen(
                [KEYTURN, "rotate", "--all", "--reason", "kill test", "--confirm",
                 str(len(accounts) + len(keys) + 1)],
                env=keyturn.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(moments.uniform(0.0, 0.5))
            process.send_signal(signal.SIGKILL)
            killed += process.wait() == -signal.SIGKILL
            self.settle(keyturn)
            for number, account in enumerate(accounts):
                if (keyturn.directory / "out" / f"p{number}.env").exists():
                    self.assertTrue(self.accepts(account, keyturn.secret(f"p{number}")))
            for number in range(len(keys)):
                if (keyturn.directory / "out" / f"k{number}.raw").exists():
                    self.assertTrue(sdk.accepts_api_key(URL, keyturn.key(f"k{number}")))
            if (keyturn.directory / "out" / "s0.env").exists():
                client_id = keyturn.delivered("s0", "PINECONE_CLIENT_ID")
                self.assertTrue(sdk.accepts_client_secret(URL, client_id, keyturn.secret("s0")))
            keyturn.must("audit", "verify")
        self.assertGreater(killed, 0, "no run was caught alive")
        self.assert_every_key_has_a_row(keyturn, len(keys))
        known = {version["provider_id"] for version in keyturn.objects("secret", "show", "s0")}
        for account in self.admin.service_accounts.list():
            if account.name.startswith("killed-sibling"):
                self.assertIn(account.id, known)

    def key(self, name):
        return self.admin.api_keys.create(project_id=case.PROJECT, name=name)

    def settle(self, keyturn):
        """Runs until nothing is under way: a killed minting call may need a minute of evidence."""
        for _ in range(5):
            done = keyturn.run("run")
            if done.returncode == 0:
                return
        self.fail(f"not settled: {done.returncode}\n{done.stdout}\n{done.stderr}")

    def assert_every_key_has_a_row(self, keyturn, count):
        known = {created.key.id for created in self.keys}
        for number in range(count):
            for version in keyturn.objects("secret", "show", f"k{number}"):
                known.add(version["provider_id"])
        for organization in case.control("GET", "state")["organizations"]:
            for project in organization["projects"]:
                for key in project["api_keys"]:
                    if key["name"].partition("~")[0] in ("k0", "k1"):
                        self.assertIn(key["id"], known)

    def assert_no_plaintext(self, keyturn, secrets):
        for path in keyturn.state.rglob("*"):
            if path.is_file():
                data = path.read_bytes()
                for secret in secrets:
                    self.assertNotIn(secret.encode(), data, path)


if __name__ == "__main__":
    OneLine.drive_cases(KeyturnCase)
