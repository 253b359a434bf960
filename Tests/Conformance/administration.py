"""Administers accounts, keys and projects with keyturn, and has the official SDK read the world back.

usage: administration.py URL SEED_FILE KEYTURN_BINARY DIRECTORY
"""

import urllib.request

import case
import sdk
from emulator import OneLine
from keyturn import URL, Keyturn


class Administration(case.Case):
    def made(self, name):
        keyturn = Keyturn(name)
        keyturn.set_up(self.ops)
        return keyturn

    def found(self, name):
        accounts = [one for one in self.admin.service_accounts.list() if one.name == name]
        self.assertEqual(len(accounts), 1, name)
        return accounts[0]

    def roles(self, account):
        return {
            (one.role, one.resource_type)
            for one in self.admin.role_bindings.list(
                principal_type="service_account", principal_id=account.id
            )
        }

    def test_an_account_is_created_named_given_roles_and_deleted(self):
        keyturn = self.made("life")
        keyturn.must("account", "create", "nightly", "--role", f"ProjectEditor@{case.PROJECT}")
        account = self.found("nightly")
        secret = keyturn.must("secret", "reveal", "nightly", "--reason", "test")
        self.assertTrue(self.accepts(account, secret))
        self.assertEqual(self.roles(account), {("ProjectEditor", "project")})
        keyturn.must("account", "grant", "nightly", "OrgMember")
        self.assertEqual(
            self.roles(account), {("ProjectEditor", "project"), ("OrgMember", "organization")}
        )
        keyturn.must("account", "revoke", "nightly", f"ProjectEditor@{case.PROJECT}")
        self.assertEqual(self.roles(account), {("OrgMember", "organization")})
        keyturn.must("account", "rename", "nightly", "nightly-eu")
        self.assertEqual(self.found("nightly-eu").id, account.id)
        listed = {one["id"]: one for one in keyturn.objects("account", "list")}
        self.assertEqual(
            set(listed), {one.id for one in self.admin.service_accounts.list()}
        )
        self.assertEqual(listed[account.id]["secret"], "nightly")
        keyturn.must(
            "account", "delete", "nightly-eu", "--reason", "test", "--confirm", "nightly-eu"
        )
        self.assertNotIn(account.id, {one.id for one in self.admin.service_accounts.list()})
        self.assertFalse(self.accepts(account, secret))
        keyturn.must("audit", "verify")

    def test_a_token_goes_where_it_was_told_and_works(self):
        keyturn = self.made("token")
        printed = keyturn.must("account", "token", "pinecone/ops", "--reason", "test", "--print")
        # The program takes the place of keyturn, with the token as its standard input.
        piped = keyturn.must("account", "token", "pinecone/ops", "--reason", "test", "--exec", "cat")
        for token in (printed, piped):
            request = urllib.request.Request(
                f"{URL}/admin/projects",
                headers={"Authorization": f"Bearer {token}", "X-Pinecone-Api-Version": "2026-07"},
            )
            with urllib.request.urlopen(request) as response:
                self.assertEqual(response.status, 200)
        failed = keyturn.run(
            "account", "token", "pinecone/ops", "--reason", "test", "--exec", "false", "--json"
        )
        self.assertEqual((failed.returncode, failed.stdout), (1, ""))
        missing = keyturn.run(
            "account", "token", "pinecone/ops", "--reason", "test", "--exec", "/no/such/program"
        )
        self.assertEqual(missing.returncode, 1)
        self.assertIn("could not be started", missing.stderr)
        keyturn.must("audit", "verify")

    def test_keys_are_created_named_given_roles_and_deleted(self):
        keyturn = self.made("keys")
        projects = {one["id"] for one in keyturn.objects("project", "list")}
        self.assertEqual(projects, {one.id for one in self.admin.projects.list()})
        keyturn.must("api-key", "create", case.PROJECT, "writer", "--role", "DataPlaneEditor")
        value = keyturn.must("secret", "reveal", "writer", "--reason", "test")
        self.assertTrue(sdk.accepts_api_key(URL, value))
        (key,) = [
            one for one in self.admin.api_keys.list(project_id=case.PROJECT) if one.name == "writer"
        ]
        self.assertEqual(key.roles, ["DataPlaneEditor"])
        keyturn.must("api-key", "rename", "writer", "writer-eu")
        keyturn.must("api-key", "roles", "writer", "--set", "ControlPlaneViewer")
        changed = self.admin.api_keys.describe(api_key_id=key.id)
        self.assertEqual((changed.name, changed.roles), ("writer-eu", ["ControlPlaneViewer"]))
        keyturn.must("api-key", "delete", "writer", "--reason", "test", "--confirm", "writer-eu")
        self.assertNotIn(
            key.id, {one.id for one in self.admin.api_keys.list(project_id=case.PROJECT)}
        )
        self.assertFalse(sdk.accepts_api_key(URL, value))

    def test_what_is_adopted_is_applied_and_rotates_nothing(self):
        account, secret = self.account("unmanaged one")
        keyturn = self.made("adoption")
        file = keyturn.directory / "adopted.yaml"
        keyturn.must("policy", "adopt", account.id, "--output", str(file))
        keyturn.must("policy", "apply", str(file))
        keyturn.must("run", "unmanaged-one")
        self.assertTrue(self.accepts(account, secret))
        standings = {
            one["id"]: one["standing"] for one in keyturn.objects("status", "--coverage")
        }
        self.assertEqual(standings[account.id], "managed")
        self.assertEqual(
            set(standings),
            {one.id for one in self.admin.service_accounts.list()}
            | {
                key.id
                for project in self.admin.projects.list()
                for key in self.admin.api_keys.list(project_id=project.id)
            },
        )


if __name__ == "__main__":
    OneLine.drive_cases(Administration)
