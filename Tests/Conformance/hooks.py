"""Runs the recipes of deploy/hooks as keyturn does, against what they are for: moto's server with the
real aws command line, a Vault and a Kubernetes API that answer by their documented contracts, and
systemd-creds.

usage: hooks.py URL SEED_FILE KEYTURN_BINARY DIRECTORY
"""

import base64
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import unittest
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import case
from emulator import OneLine
from keyturn import Keyturn

KEYTURN, WORK = sys.argv[3], Path(sys.argv[4])
SOURCE = Path(__file__).resolve().parents[2] / "deploy" / "hooks"
BIN = Path(sys.executable).parent
TOKEN = "hvs.invented-token-of-a-test"


def seen_by_others(words):
    """Which of these stand in some process's arguments or environment, but for this one's."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        if int(process.name) == os.getpid():
            continue
        for name in ("cmdline", "environ"):
            try:
                text = (process / name).read_bytes()
            except OSError:
                continue
            found |= {word for word in words if word.encode() in text}
    return found


class Contract(BaseHTTPRequestHandler):
    """A server that keeps what it was sent, and answers as it is told."""

    protocol_version = "HTTP/1.1"

    def handle_one(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        server = self.server
        text = body.decode()
        secrets = [TOKEN]
        try:
            inner = json.loads(text).get("data", {})
            secrets += [value for value in inner.values() if isinstance(value, str) and len(value) > 20]
        except ValueError:
            pass
        server.requests.append({
            "method": self.command, "path": self.path, "headers": dict(self.headers), "body": text,
            "seen": seen_by_others(secrets)})
        self.send_response(server.status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_POST = do_PATCH = handle_one

    def log_message(self, *_):
        pass


class Hooks(case.Case):
    def setUp(self):
        super().setUp()
        # In the project others may have made a directory on the way writable.
        self.hooks = WORK / "hooks"
        shutil.copytree(SOURCE, self.hooks, dirs_exist_ok=True)

    def serve(self):
        server = ThreadingHTTPServer(("127.0.0.1", 0), Contract)
        server.requests, server.status = [], 200
        Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.shutdown)
        return server, f"http://127.0.0.1:{server.server_port}"

    def rotating(self, name, run):
        """A state with a secret that this hook gets, besides a file."""
        account, _ = self.account(f"hook-{name}")
        keyturn = Keyturn(f"hook-{name}")
        out = keyturn.directory / "out" / name
        words = ", ".join(json.dumps(str(word)) for word in run)
        keyturn.policies.append(f"""
  - name: {name}
    service-account: {{ connection: pinecone, id: {account.id}, name: {account.name} }}
    every: 30d
    deliver:
      - file: {{ path: {out}.env, format: env }}
      - command: {{ run: [{words}], input: json, timeout: 60s }}""")
        keyturn.set_up(self.ops)
        return keyturn, account

    def file(self, name, text):
        path = WORK / name
        path.write_text(text)
        path.chmod(0o400)
        self.addCleanup(path.unlink)
        return path

    # Files

    @unittest.skipUnless(shutil.which("strace"), "there is no strace")
    def test_no_byte_of_a_file_is_written_before_its_owner_and_mode_are_right(self):
        account, _ = self.account("traced")
        keyturn = Keyturn("traced")
        path = keyturn.directory / "out" / "traced.env"
        keyturn.policies.append(f"""
  - name: traced
    service-account: {{ connection: pinecone, id: {account.id}, name: {account.name} }}
    every: 30d
    deliver:
      - file: {{ path: {path}, format: env, owner: {os.geteuid()}, group: {os.getegid()}, mode: "0640" }}""")
        keyturn.set_up(self.ops)
        log = WORK / "trace"
        done = subprocess.run(
            ["strace", "-f", "-y", "-qq", "-s", "0", "-o", log,
             "-e", "trace=openat,openat2,fchown,fchmod,fchownat,fchmodat,write,writev,pwrite64,fsync,"
             "fdatasync,rename,renameat,renameat2", KEYTURN, "run"],
            env=keyturn.environment(), capture_output=True, text=True, timeout=300, check=False)
        if "PTRACE" in done.stderr or "ptrace" in done.stderr:
            self.skipTest("ptrace is forbidden")
        self.assertEqual(done.returncode, 0, done.stderr)
        steps = []
        for line in log.read_text().splitlines():
            call = line.split(maxsplit=1)[1]
            name = call.partition("(")[0]
            about = ".traced.env." in call or (name.startswith("rename") and "traced.env" in call)
            if about and not call.startswith("<..."):
                steps.append((name, call))
        names = [name for name, _ in steps]
        created = next(call for name, call in steps if name.startswith("openat") and "O_CREAT" in call)
        self.assertIn("O_EXCL", created)
        self.assertIn("0600", created)
        self.assertIn("O_NOFOLLOW", created.replace("RESOLVE_NO_SYMLINKS", "O_NOFOLLOW"))
        first_write = next(i for i, name in enumerate(names) if "write" in name)
        before = names[:first_write]
        self.assertTrue(any("chown" in name for name in before), names)
        self.assertTrue(any("chmod" in name for name in before), names)
        self.assertFalse(any("ch" in name for name in names[first_write:]), names)
        synced = next(i for i, name in enumerate(names) if "sync" in name)
        renamed = next(i for i, name in enumerate(names) if name.startswith("rename"))
        self.assertTrue(first_write < synced < renamed, names)
        self.assertEqual(path.stat().st_mode & 0o777, 0o640)

    # Vault

    def test_vault_gets_the_value_by_the_contract_of_its_kv_2(self):
        server, address = self.serve()
        token = self.file("vault-token", TOKEN + "\n")
        run = [self.hooks / "vault-kv2", address, "secret", "ci/pinecone", token]
        keyturn, account = self.rotating("vault", run)
        keyturn.must("run")
        request = server.requests[-1]
        # https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2, create or update a secret
        self.assertEqual((request["method"], request["path"]), ("POST", "/v1/secret/data/ci/pinecone"))
        self.assertEqual(request["headers"]["X-Vault-Token"], TOKEN)
        data = json.loads(request["body"])["data"]
        self.assertEqual(data["client_secret"], keyturn.secret("vault"))
        self.assertTrue(self.accepts(account, data["client_secret"]))
        self.assertEqual(request["seen"], set())
        # Refused: a debt, and the rotation itself is not undone.
        server.status = 403
        self.assertEqual(keyturn.run("deliver", "vault").returncode, 1)
        server.status = 200
        keyturn.must("run")
        # A rehearsal writes nothing; a path that nothing was written to is no failure.
        for status, ended in ((200, 0), (404, 0), (403, 1)):
            server.status = status
            before = len(server.requests)
            self.assertEqual(keyturn.run("rehearse", "vault", "--commands").returncode, ended)
            self.assertEqual({each["method"] for each in server.requests[before:]}, {"GET"})

    # Kubernetes

    def test_kubernetes_gets_the_value_by_server_side_apply(self):
        server, address = self.serve()
        directory = WORK / "serviceaccount"
        directory.mkdir(exist_ok=True)
        (directory / "token").write_text(TOKEN)
        run = [self.hooks / "kubernetes-secret", address, "prod", "pinecone", directory]
        keyturn, account = self.rotating("kubernetes", run)
        keyturn.must("run")
        request = server.requests[-1]
        # https://kubernetes.io/docs/reference/using-api/server-side-apply/
        self.assertEqual(request["method"], "PATCH")
        self.assertEqual(
            request["path"],
            "/api/v1/namespaces/prod/secrets/pinecone?fieldManager=keyturn&force=true")
        self.assertEqual(request["headers"]["Content-Type"], "application/apply-patch+yaml")
        self.assertEqual(request["headers"]["Authorization"], f"Bearer {TOKEN}")
        body = json.loads(request["body"])
        self.assertEqual(body["kind"], "Secret")
        self.assertEqual(body["metadata"]["annotations"]["keyturn/version"], "2")
        value = json.loads(base64.b64decode(body["data"]["pinecone.json"]))
        self.assertTrue(self.accepts(account, value["client_secret"]))
        self.assertEqual(request["seen"], set())
        before = len(server.requests)
        keyturn.must("rehearse", "kubernetes", "--commands")
        rehearsed = server.requests[before:]
        self.assertEqual(len(rehearsed), 1)
        self.assertTrue(rehearsed[0]["path"].endswith("&dryRun=All"))
        self.assertNotIn("data", json.loads(rehearsed[0]["body"]))
        server.status = 409
        self.assertEqual(keyturn.run("deliver", "kubernetes").returncode, 1)

    # systemd

    @unittest.skipUnless(shutil.which("systemd-creds") and os.geteuid() == 0, "no systemd-creds, or not root")
    def test_systemd_creds_seals_what_it_opens_again(self):
        store = WORK / "credstore"
        store.mkdir(mode=0o700)
        run = [self.hooks / "systemd-creds", "pinecone", store / "pinecone"]
        keyturn, account = self.rotating("systemd", run)
        keyturn.must("run")
        sealed = (store / "pinecone").read_bytes()
        self.assertNotIn(keyturn.secret("systemd").encode(), sealed)
        opened = subprocess.run(
            ["systemd-creds", "decrypt", "--name=pinecone", store / "pinecone", "-"],
            capture_output=True, check=True).stdout
        self.assertTrue(self.accepts(account, json.loads(opened)["client_secret"]))
        keyturn.must("rehearse", "systemd", "--commands")
        self.assertEqual((store / "pinecone").read_bytes(), sealed)
        self.assertEqual([each.name for each in store.iterdir()], ["pinecone"])

    # AWS

    def moto(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        process = subprocess.Popen(
            [BIN / "moto_server", "-H", "127.0.0.1", "-p", str(port)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        url = f"http://127.0.0.1:{port}"
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{url}/moto-api/", timeout=5).close()
                return url
            except OSError:
                time.sleep(0.1)
        self.fail("moto did not start")

    def aws(self, config, *arguments):
        environment = {
            **os.environ, "AWS_CONFIG_FILE": str(config), "AWS_SHARED_CREDENTIALS_FILE": str(config)}
        done = subprocess.run(
            [BIN / "aws", "secretsmanager", *arguments, "--output", "json"], env=environment,
            capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    def test_aws_secrets_manager_has_the_value_as_its_current_version(self):
        config = self.file("aws-config", f"""[default]
region = eu-central-1
endpoint_url = {self.moto()}
aws_access_key_id = invented
aws_secret_access_key = invented
""")
        # keyturn gives a hook a fixed PATH; the aws of this test lies elsewhere.
        wrapper = WORK / "aws-hook"
        wrapper.write_text(f'#!/bin/sh\nPATH={BIN}:$PATH exec {self.hooks / "aws-secrets-manager"} "$@"\n')
        wrapper.chmod(0o700)
        keyturn, account = self.rotating("aws", [wrapper, "prod/pinecone", config])
        # The secret is not there yet: a debt, and nothing is lost.
        self.assertEqual(keyturn.run("rehearse", "aws", "--commands").returncode, 1)
        self.assertEqual(keyturn.run("run").returncode, 1)
        self.aws(config, "create-secret", "--name", "prod/pinecone", "--secret-string", "none yet")
        keyturn.must("rehearse", "aws", "--commands")
        keyturn.must("deliver", "aws")
        current = self.aws(config, "get-secret-value", "--secret-id", "prod/pinecone")
        self.assertEqual(current["VersionStages"], ["AWSCURRENT"])
        value = json.loads(current["SecretString"])["client_secret"]
        self.assertEqual(value, keyturn.secret("aws"))
        self.assertTrue(self.accepts(account, value))


if __name__ == "__main__":
    OneLine.drive_cases(Hooks)
