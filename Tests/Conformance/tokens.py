"""Obtaining tokens, and being refused."""

from pinecone.errors.exceptions import ApiError, ForbiddenError

import sdk
from case import URL, Case, control


class Tokens(Case):
    def test_the_right_secret_obtains_a_token(self):
        self.assertTrue(
            sdk.accepts_client_secret(URL, self.ops["client_id"], self.ops["client_secret"])
        )

    def test_a_wrong_secret_and_an_unknown_client_are_refused(self):
        self.assertFalse(sdk.accepts_client_secret(URL, self.ops["client_id"], "wrong"))
        self.assertFalse(sdk.accepts_client_secret(URL, "unknown", "wrong"))

    def test_every_form_of_refusal_is_an_api_error(self):
        for status in (401, 403):
            for form in ("json", "text", "empty"):
                control(
                    "PATCH", "settings", {"wrong_secret_status": status, "wrong_secret_body": form}
                )
                with self.assertRaises(ApiError) as raised:
                    sdk.admin(URL, self.ops["client_id"], "wrong")
                self.assertEqual(raised.exception.status_code, status)

    def test_expires_in_may_be_anything_or_absent(self):
        for seconds in (1800, 86400, 1, None):
            control("PATCH", "settings", {"expires_in": seconds})
            self.assertGreater(len(self.sign_in(self.ops).projects.list()), 0)

    def test_an_expired_token_is_renewed_by_the_sdk(self):
        control("POST", "clock", {"advance_ms": 1_800_000})
        self.assertGreater(len(self.admin.projects.list()), 0)

    def test_an_account_without_bindings_obtains_a_token_but_may_do_nothing(self):
        bare = self.sign_in(self.bare)
        with self.assertRaises(ForbiddenError):
            bare.projects.list()
        with self.assertRaises(ForbiddenError):
            list(bare.service_accounts.list())

    def test_a_dead_token_is_401_as_json_text_and_empty(self):
        account, secret = self.account(
            role_bindings=[{"resource_type": "organization", "role": "OrgOwner"}]
        )
        admin = self.sign_in({"client_id": account.client_id, "client_secret": secret})
        self.admin.service_accounts.rotate_secret(service_account_id=account.id)
        for form in ("json", "text", "empty"):
            control("PATCH", "settings", {"unauthenticated_body": form})
            # The SDK fetches another token with the dead secret, and reports that.
            with self.assertRaises(ApiError) as raised:
                admin.projects.list()
            self.assertEqual(raised.exception.status_code, 401)
