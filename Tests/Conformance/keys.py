"""Projects, organizations and API keys."""

from pinecone.errors.exceptions import ForbiddenError, NotFoundError

import sdk
from case import ABSENT, PROJECT, SEED, URL, Case, control


class ProjectsAndOrganizations(Case):
    def test_created_described_updated_deleted(self):
        api = self.admin.projects
        project = api.create(name="a project")
        self.assertEqual(api.describe(project_id=project.id), project)
        self.assertEqual(api.update(project_id=project.id, name="renamed").name, "renamed")
        self.assertTrue(api.exists(name="renamed"))
        key = self.admin.api_keys.create(project_id=project.id, name="goes with it")
        self.assertTrue(sdk.accepts_api_key(URL, key.value))
        api.delete(project_id=project.id)
        self.assertFalse(api.exists(project_id=project.id))
        self.assertFalse(sdk.accepts_api_key(URL, key.value))

    def test_the_organization_of_the_token_is_the_only_one(self):
        organizations = self.admin.organizations.list()
        self.assertEqual(organizations.names(), ["acme"])
        described = self.admin.organizations.describe(organization_id=organizations[0].id)
        self.assertEqual(described, organizations[0])


class APIKeys(Case):
    def test_the_seeded_key_is_accepted(self):
        seeded = SEED["organizations"][0]["projects"][0]["api_keys"][0]
        self.assertTrue(sdk.accepts_api_key(URL, seeded["value"]))
        self.assertFalse(sdk.accepts_api_key(URL, "pcsk_nobody_issued_this"))

    def test_created_described_updated_listed_deleted(self):
        api = self.admin.api_keys
        for status in (200, 201):
            control("PATCH", "settings", {"api_key_create_status": status})
            created = api.create(project_id=PROJECT, name="search", roles=["ProjectViewer"])
            key = created.key
            self.assertEqual([role.value for role in key.roles], ["ProjectViewer"])
            self.assertTrue(sdk.accepts_api_key(URL, created.value))
            self.assertEqual(api.describe(api_key_id=key.id), key)
            changed = api.update(api_key_id=key.id, name="other", roles=["DataPlaneViewer"])
            self.assertEqual((changed.name, len(changed.roles)), ("other", 1))
            self.assertTrue(sdk.accepts_api_key(URL, created.value))  # by a 403
            self.assertIn(key.id, [k.id for k in api.list(project_id=PROJECT)])
            api.delete(api_key_id=key.id)
            with self.assertRaises(NotFoundError):
                api.describe(api_key_id=key.id)
            self.assertNotIn(key.id, [k.id for k in api.list(project_id=PROJECT)])
            self.assertFalse(sdk.accepts_api_key(URL, created.value))

    def test_roles_default_to_project_editor(self):
        key = self.admin.api_keys.create(project_id=PROJECT, name="default").key
        self.assertEqual(key.role.value, "ProjectEditor")

    def test_a_full_quota_is_403(self):
        control("PATCH", "settings", {"api_key_quota": 0})
        with self.assertRaises(ForbiddenError) as raised:
            self.admin.api_keys.create(project_id=PROJECT, name="one more")
        self.assertEqual(raised.exception.error_code, "QUOTA_EXCEEDED")

    def test_deleting_an_absent_key_is_404(self):
        with self.assertRaises(NotFoundError):
            self.admin.api_keys.delete(api_key_id=ABSENT)

    def test_delays_of_both_ends(self):
        control("PATCH", "settings", {"new_key_delay_ms": 2000, "deleted_key_life_ms": 2000,
                                      "deleted_visible_ms": 2000})
        created = self.admin.api_keys.create(project_id=PROJECT, name="late")
        self.assertFalse(sdk.accepts_api_key(URL, created.value))
        control("POST", "clock", {"advance_ms": 2000})
        self.assertTrue(sdk.accepts_api_key(URL, created.value))
        self.admin.api_keys.delete(api_key_id=created.key.id)
        self.admin.api_keys.describe(api_key_id=created.key.id)
        self.assertTrue(sdk.accepts_api_key(URL, created.value))
        control("POST", "clock", {"advance_ms": 2000})
        self.assertFalse(sdk.accepts_api_key(URL, created.value))
        with self.assertRaises(NotFoundError):
            self.admin.api_keys.describe(api_key_id=created.key.id)
