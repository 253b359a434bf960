"""What goes wrong, and what every answer carries."""

import json
from email.utils import parsedate_to_datetime

import httpx
from pinecone.errors.exceptions import PineconeError, RateLimitError, ResponseParsingError

from case import PROJECT, Case, control


class Faults(Case):
    def test_the_sdk_rides_out_one_429_503_and_closed_connection(self):
        for before in ({"status": 429, "retry_after_seconds": 0}, {"status": 503}, "close"):
            control("POST", "faults", {"operation": "list_projects", "before": before})
            self.assertGreater(len(self.admin.projects.list()), 0)

    def test_a_401_before_the_commit_costs_another_token(self):
        control("POST", "faults", {"operation": "list_projects", "before": {"status": 401}})
        self.assertGreater(len(self.admin.projects.list()), 0)

    def test_429_without_end_is_a_rate_limit_error(self):
        fault = {
            "operation": "list_projects",
            "before": {"status": 429, "retry_after_seconds": 0},
            "times": None,
        }
        control("POST", "faults", fault)
        with self.assertRaises(RateLimitError):
            self.admin.projects.list()

    def test_a_rotation_whose_answer_is_lost_is_repeated_by_the_sdk_and_rotates_again(self):
        losses = ("close_before_headers", "close_in_body", {"status": 500}, {"status": 502},
                  {"status": 504})
        for loss in losses:
            account, _ = self.account()
            control("POST", "faults", {"operation": "rotate_secret", "after": loss})
            if loss == "close_in_body":  # the SDK does not repeat what broke off in the body
                with self.assertRaises(Exception):
                    self.admin.service_accounts.rotate_secret(service_account_id=account.id)
                expected = 1
            else:
                self.admin.service_accounts.rotate_secret(service_account_id=account.id)
                expected = 2
            self.assertEqual(control("GET", "state")["rotations"][account.id], expected, loss)

    def test_a_cut_or_empty_2xx_cannot_be_decoded_though_it_rotated(self):
        for loss in ("truncated_body", "empty_body"):
            account, old = self.account()
            control("POST", "faults", {"operation": "rotate_secret", "after": loss})
            with self.assertRaises(ResponseParsingError):
                self.admin.service_accounts.rotate_secret(service_account_id=account.id)
            self.assertFalse(self.accepts(account, old))

    def test_a_key_whose_creation_hangs_exists_all_the_same(self):
        control("POST", "faults", {"operation": "create_api_key", "after": "hang", "times": None})
        before = len(self.admin.api_keys.list(project_id=PROJECT))
        with self.assertRaises((httpx.TimeoutException, PineconeError)):
            # The SDK's own limit is 30 s and it tries four times: ask its transport directly.
            self.admin._http.post(
                f"/admin/projects/{PROJECT}/api-keys", timeout=0.2, json={"name": "hangs"}
            )
        self.assertGreater(len(self.admin.api_keys.list(project_id=PROJECT)), before)


class Headers(Case):
    def test_date_version_echo_and_request_id(self):
        control("PATCH", "settings", {"date_skew_seconds": 3600})
        response = self.admin._http.get("/admin/projects")
        self.assertEqual(response.headers["x-pinecone-api-version"], "2026-07")
        self.assertEqual(len(response.headers["x-pinecone-request-id"]), 36)
        shown = parsedate_to_datetime(response.headers["date"]).timestamp()
        now = control("GET", "state")["now_ms"] / 1000
        self.assertAlmostEqual(shown - now, 3600, delta=10)

    def test_the_log_shows_who_asked_and_no_secrets(self):
        log = control("GET", "requests")
        last = next(e for e in reversed(log) if e["operation"] == "token")
        self.assertIn("python", last["user_agent"].lower())
        self.assertEqual(last["version"], "2026-07")
        self.assertNotIn(self.ops["client_secret"], json.dumps(log))
