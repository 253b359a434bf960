"""What every case has: the emulator named on the command line, and a signed-in Admin."""

import json
import sys
import unittest
import urllib.request
from pathlib import Path

import sdk

URL = sys.argv[1]
SEED = json.loads(Path(sys.argv[2]).read_text())
ABSENT = "99999999-9999-4999-8999-999999999999"
PROJECT = "8d7e2c41-0a9b-4f36-b5d1-6e3f90a2c874"


def control(method, path, body=None):
    """A request to the emulator's own surface."""
    request = urllib.request.Request(
        f"{URL}/_emulator/{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
    )
    with urllib.request.urlopen(request) as response:
        return json.load(response)


class Case(unittest.TestCase):
    def setUp(self):
        self.defaults = control("GET", "settings")
        seeded = SEED["organizations"][0]["service_accounts"]
        self.ops, self.bare = seeded[0], seeded[1]
        self.admin = self.sign_in(self.ops)

    def tearDown(self):
        control("DELETE", "faults")
        control("PATCH", "settings", self.defaults)

    def sign_in(self, account):
        admin = sdk.admin(URL, account["client_id"], account["client_secret"])
        self.addCleanup(admin.close)
        return admin

    def account(self, name="deploys", **more):
        created = self.admin.service_accounts.create(name=name, **more)
        return created.service_account, created.client_secret

    def accepts(self, account, secret):
        return sdk.accepts_client_secret(URL, account.client_id, secret)
