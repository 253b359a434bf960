"""Service accounts and their role bindings."""

from pinecone.errors.exceptions import ApiError, ConflictError, ForbiddenError, NotFoundError

from case import ABSENT, PROJECT, SEED, Case, control


class ServiceAccounts(Case):
    def test_created_described_renamed_deleted(self):
        account, secret = self.account("first name")
        self.assertTrue(self.accepts(account, secret))
        api = self.admin.service_accounts
        self.assertEqual(api.describe(service_account_id=account.id), account)
        renamed = api.update(service_account_id=account.id, name="second name")
        self.assertEqual((renamed.id, renamed.name), (account.id, "second name"))
        api.delete(service_account_id=account.id)
        for call in (api.describe, api.delete):
            with self.assertRaises(NotFoundError):
                call(service_account_id=account.id)
        self.assertFalse(self.accepts(account, secret))

    def test_rotation_replaces_the_secret_and_leaves_the_account_as_it_was(self):
        account, old = self.account()
        rotated = self.admin.service_accounts.rotate_secret(service_account_id=account.id)
        self.assertEqual(rotated.service_account, account)
        self.assertNotEqual(rotated.client_secret, old)
        self.assertTrue(self.accepts(account, rotated.client_secret))
        self.assertFalse(self.accepts(account, old))

    def test_an_old_secret_may_live_on_and_a_new_one_be_late(self):
        account, old = self.account()
        control("PATCH", "settings", {"old_secret_life_ms": 5000, "new_secret_delay_ms": 3000})
        new = self.admin.service_accounts.rotate_secret(service_account_id=account.id).client_secret
        self.assertTrue(self.accepts(account, old))
        self.assertFalse(self.accepts(account, new))
        control("POST", "clock", {"advance_ms": 5000})
        self.assertFalse(self.accepts(account, old))
        self.assertTrue(self.accepts(account, new))

    def test_paging_shows_every_account_once(self):
        for number in range(5):
            self.account(f"page {number}")
        everyone = {account.id for account in self.admin.service_accounts.list()}
        for last_page in ("null", "absent"):
            control("PATCH", "settings", {"last_page": last_page})
            paged = [account.id for account in self.admin.service_accounts.list(limit=2)]
            self.assertEqual(len(paged), len(set(paged)))
            self.assertEqual(set(paged), everyone)
        control("PATCH", "settings", {"page_size_cap": 1})
        self.assertEqual({a.id for a in self.admin.service_accounts.list()}, everyone)

    def test_a_token_of_another_listing_is_400(self):
        pages = self.admin.service_accounts.list(limit=1).pages()
        token = next(pages).pagination_token
        with self.assertRaises(ApiError) as raised:
            list(self.admin.service_accounts.list(limit=2, pagination_token=token))
        self.assertEqual(raised.exception.status_code, 400)

    def test_names_repeat_and_are_counted_in_bytes(self):
        first, _ = self.account("same")
        second, _ = self.account("same")
        self.assertNotEqual((first.id, first.client_id), (second.id, second.client_id))
        self.account("é" * 40)
        with self.assertRaises(ApiError) as raised:
            self.account("é" * 41)
        self.assertEqual(raised.exception.status_code, 400)

    def test_absent_malformed_and_other_organizations_ids_are_refused(self):
        theirs = "33333333-3333-4333-8333-333333333333"
        for identifier, status in ((ABSENT, 404), ("nonsense", 400), (theirs, 404)):
            with self.assertRaises(ApiError) as raised:
                self.admin.service_accounts.rotate_secret(service_account_id=identifier)
            self.assertEqual(raised.exception.status_code, status)

    def test_a_plan_without_service_accounts_is_403(self):
        control("PATCH", "settings", {"service_accounts_forbidden": True})
        with self.assertRaises(ForbiddenError):
            list(self.admin.service_accounts.list())

    def test_times_may_have_milliseconds(self):
        control("PATCH", "settings", {"timestamps": "milliseconds"})
        account, _ = self.account()
        self.assertRegex(account.created_at, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")


class RoleBindings(Case):
    def test_bindings_given_at_creation_are_listed_by_principal(self):
        account, secret = self.account(
            role_bindings=[
                {"resource_type": "project", "resource_id": PROJECT, "role": "ProjectEditor"},
                {"resource_type": "organization", "role": "OrgMember"},
            ]
        )
        listed = list(
            self.admin.role_bindings.list(
                principal_type="service_account", principal_id=account.id
            )
        )
        self.assertEqual({b.role for b in listed}, {"ProjectEditor", "OrgMember"})
        by_role = {b.role: b.resource_id for b in listed}
        self.assertEqual(by_role["ProjectEditor"], PROJECT)
        self.assertEqual(by_role["OrgMember"], SEED["organizations"][0]["id"])
        member = self.sign_in({"client_id": account.client_id, "client_secret": secret})
        self.assertIn(PROJECT, [project.id for project in member.projects.list()])

    def test_created_described_deleted(self):
        account, _ = self.account()
        api = self.admin.role_bindings
        binding = api.create(
            principal_type="service_account",
            principal_id=account.id,
            resource_type="project",
            resource_id=PROJECT,
            role="ProjectOwner",
        )
        self.assertEqual(api.describe(role_binding_id=binding.id), binding)
        with self.assertRaises(ConflictError):
            api.create(
                principal_type="service_account",
                principal_id=account.id,
                resource_type="project",
                resource_id=PROJECT,
                role="ProjectOwner",
            )
        api.delete(role_binding_id=binding.id)
        for call in (api.describe, api.delete):
            with self.assertRaises(NotFoundError):
                call(role_binding_id=binding.id)

    def test_the_last_owner_stays(self):
        owners = list(
            self.admin.role_bindings.list(resource_type="organization", role="OrgOwner")
        )
        for binding in owners:
            if binding.principal_id != self.ops["id"]:
                self.admin.role_bindings.delete(role_binding_id=binding.id)
        last = next(b for b in owners if b.principal_id == self.ops["id"])
        with self.assertRaises(ConflictError):
            self.admin.role_bindings.delete(role_binding_id=last.id)

    def test_bindings_survive_rotation_and_go_with_the_account(self):
        account, _ = self.account(
            role_bindings=[
                {"resource_type": "project", "resource_id": PROJECT, "role": "DataPlaneViewer"}
            ]
        )

        def bindings():
            return list(
                self.admin.role_bindings.list(
                    principal_type="service_account", principal_id=account.id
                )
            )

        before = bindings()
        self.admin.service_accounts.rotate_secret(service_account_id=account.id)
        self.assertEqual(bindings(), before)
        self.admin.service_accounts.delete(service_account_id=account.id)
        self.assertEqual(bindings(), [])
