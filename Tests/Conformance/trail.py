"""Exports a trail of keyturn's and has it checked by programs of other people, each with what it must
accept and what it must refuse.

usage: trail.py KEYTURN_BINARY DIRECTORY [TRAIL_CHECKER_IN_GO]
"""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import time
import unittest
from pathlib import Path

import rfc8785

KEYTURN, WORK = sys.argv[1], Path(sys.argv[2]) / "trail"
GO = sys.argv[3] if len(sys.argv) > 3 else None
BIN = Path(sys.executable).parent
# More than two full tiles, and an entry in each.
POLICIES = 300
INDEX = 258


def run(*command, stdin=None):
    environment = {**os.environ, "KEYTURN_STATE": str(WORK / "state")}
    return subprocess.run(
        [str(word) for word in command], input=stdin, env=environment, cwd=WORK,
        capture_output=True, timeout=120, check=False)


def keyturn(*arguments):
    done = run(KEYTURN, *arguments)
    assert done.returncode == 0, (arguments, done.stdout[-800:], done.stderr[-800:])
    return done.stdout


def make_trail():
    WORK.mkdir(mode=0o700)
    text = "version: 1\nconnections:\n  pinecone: { admins: [ops] }\npolicies:\n"
    for number in range(POLICIES):
        text += f"""  - name: p{number}
    service-account: {{ connection: pinecone, id: 3f0c1d52-7b64-4e19-9a80-5c2d8e{number:06x} }}
    every: 30d
"""
    (WORK / "keyturn.yaml").write_text(text)
    (WORK / "keyturn.yaml").chmod(0o600)
    keyturn("init")
    (WORK / "old").write_bytes(keyturn("audit", "checkpoint"))
    keyturn("policy", "apply", WORK / "keyturn.yaml")
    (WORK / "vkey").write_bytes(keyturn("audit", "key"))
    keyturn("audit", "export", "--tiles", "tiles")
    keyturn("audit", "export", "--jsonl", "--output", "log", "--checkpoint", "checkpoint")
    keyturn("audit", "export", "--tiles", "tiles")
    (WORK / "growth").write_bytes(keyturn("audit", "prove", "--from", "1"))
    (WORK / "inclusion").write_bytes(keyturn("audit", "prove", str(INDEX)))
    (WORK / "entry").write_bytes(keyturn("audit", "show", str(INDEX), "--leaf"))


def changed(name, change):
    """A file in which something was changed, beside the one that was exported."""
    path = WORK / f"changed-{name}"
    before = (WORK / name).read_bytes()
    after = change(before)
    assert before != after
    path.write_bytes(after)
    return path


def without_a_hash(proof):
    lines = proof.split(b"\n")
    return b"\n".join(lines[:2] + lines[3:])


def another_signature(note):
    head, _, line = note.rstrip(b"\n").rpartition(b" ")
    raw = bytearray(base64.b64decode(line))
    raw[-1] ^= 1
    return head + b" " + base64.b64encode(raw) + b"\n"


def another_size(note):
    return re.sub(rb"\n(\d+)\n", lambda size: b"\n%d\n" % (int(size[1]) + 1), note, count=1)


class TrailCase(unittest.TestCase):
    def test_each_entry_is_canonical_for_another_implementation_of_rfc_8785(self):
        lines = (WORK / "log").read_bytes().splitlines()
        self.assertGreater(len(lines), 2 * 256)
        for line in lines:
            self.assertEqual(rfc8785.dumps(json.loads(line)), line)

    def test_openssl_alone_checks_a_checkpoint(self):
        self.assertTrue(self.openssl_accepts(WORK / "checkpoint"))
        for change in (another_signature, another_size):
            self.assertFalse(self.openssl_accepts(changed("checkpoint", change)))

    def openssl_accepts(self, path):
        body, _, signatures = path.read_bytes().rpartition(b"\n\n")
        signature = base64.b64decode(signatures.split(b" ")[2])[4:]
        key = base64.b64decode((WORK / "vkey").read_text().split("+", 2)[2])[1:]
        (WORK / "body").write_bytes(body + b"\n")
        (WORK / "signature").write_bytes(signature)
        (WORK / "key.der").write_bytes(bytes.fromhex("302a300506032b6570032100") + key)
        done = run(
            "openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "key.der",
            "-rawin", "-in", "body", "-sigfile", "signature")
        return done.returncode == 0

    def test_tlog_scales_reads_leaves_and_makes_the_same_proof_from_the_tiles(self):
        lines = (WORK / "log").read_bytes().splitlines()
        for index in (0, 255, 256, INDEX, len(lines) - 1):
            done = run(BIN / "tlog-tiles", "get-leaf", "-c", "./tiles", str(index))
            self.assertEqual(done.stdout.strip(), lines[index], done.stderr)
        made = run(BIN / "tlog-tiles", "gen-proof", "./tiles", str(INDEX))
        self.assertEqual(made.stdout, (WORK / "inclusion").read_bytes(), made.stderr)

    def test_tlog_scales_finds_a_changed_tile(self):
        for tile in ("tile/0/001", "tile/entries/001"):
            shutil.rmtree(WORK / "changed-tiles", ignore_errors=True)
            shutil.copytree(WORK / "tiles", WORK / "changed-tiles")
            path = WORK / "changed-tiles" / tile
            data = bytearray(path.read_bytes())
            data[40] ^= 1
            path.write_bytes(data)
            done = run(BIN / "tlog-tiles", "get-leaf", "-c", "./changed-tiles", "256")
            self.assertNotEqual(done.returncode, 0, tile)

    def test_proofbundle_verifies_a_proof(self):
        vkey = (WORK / "vkey").read_text().strip()

        def accepts(proof=WORK / "inclusion", entry=WORK / "entry", origin=vkey.split("+")[0]):
            return run(
                BIN / "proofbundle", "verify-proof", "--payload-file", entry, "--log-vkey", vkey,
                "--expected-origin", origin, proof).returncode == 0

        self.assertTrue(accepts())
        self.assertFalse(accepts(origin="another/log"))
        self.assertFalse(accepts(entry=changed("entry", lambda leaf: leaf[:-1] + b"]")))
        for change in (without_a_hash, another_signature, another_size):
            self.assertFalse(accepts(proof=changed("inclusion", change)), change)

    def test_the_go_project_verifies_log_growth_and_inclusion(self):
        if not GO:
            self.skipTest("no Go here")
        names = ["vkey", "log", "checkpoint", "old", "growth", "inclusion", "entry"]

        def accepts(**others):
            return run(GO, *[others.get(name, WORK / name) for name in names]).returncode == 0

        self.assertTrue(accepts())
        for name, change in (
            ("vkey", lambda text: text.replace(b"/e1+", b"/e2+")),
            ("log", lambda text: text.replace(b'"p7"', b'"p8"', 1)),
            ("log", lambda text: text.split(b"\n", 1)[1]),
            ("checkpoint", another_signature),
            ("checkpoint", another_size),
            ("old", another_signature),
            ("growth", without_a_hash),
            ("growth", another_size),
            ("inclusion", without_a_hash),
            ("inclusion", lambda text: text.replace(b"index 258", b"index 259")),
            ("entry", lambda leaf: leaf[:-1] + b"]"),
        ):
            self.assertFalse(accepts(**{name: changed(name, change)}), name)

    def test_keyturn_verifies_the_same_files_without_its_state(self):
        state, elsewhere = WORK / "state", WORK / "state-elsewhere"
        state.rename(elsewhere)
        self.addCleanup(elsewhere.rename, state)
        for command in (
            ["--log", "log", "--checkpoint", "checkpoint", "--since", "old"],
            ["--proof", "inclusion", "--entry", "entry"],
            ["--proof", "growth", "--since", "old"],
        ):
            keyturn("audit", "verify", *command, "--key", "vkey")


if __name__ == "__main__":
    make_trail()
    started = time.monotonic()
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(TrailCase).run(result)
    for _, trace in result.failures + result.errors:
        print(trace, file=sys.stderr)
    for case, reason in result.skipped:
        print(f"skipped: {case}: {reason}", file=sys.stderr)
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun} cases, {failed} failed, {time.monotonic() - started:.1f} s")
    sys.exit(1 if failed or not result.testsRun else 0)
