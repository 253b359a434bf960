-- The state of keyturn. Once landed, a migration never changes.
-- Times are milliseconds since 1970 in UTC. Identifiers are 26 characters of Crockford base 32.

-- One row: who this state is.
CREATE TABLE installation(
  only INTEGER PRIMARY KEY CHECK(only = 1),
  vault_id TEXT NOT NULL CHECK(length(vault_id) = 26),
  created_at_ms INTEGER NOT NULL
) STRICT;

-- Root keys, by the id that is made from them. The key itself lives elsewhere.
CREATE TABLE root_key(
  id TEXT PRIMARY KEY,
  source TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  wraps INTEGER NOT NULL DEFAULT 0 CHECK(wraps >= 0)
) STRICT;

-- A sealed value: see Sources/Vault/FORMAT.md.
CREATE TABLE sealed(
  id INTEGER PRIMARY KEY,
  purpose TEXT NOT NULL CHECK(purpose IN ('value', 'answer', 'signing-key')),
  owner TEXT NOT NULL,
  number INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL,
  key_id TEXT NOT NULL REFERENCES root_key(id),
  salt BLOB NOT NULL CHECK(length(salt) = 32),
  commitment BLOB NOT NULL CHECK(length(commitment) = 32),
  wrap_nonce BLOB NOT NULL CHECK(length(wrap_nonce) = 12),
  wrapped_key BLOB NOT NULL CHECK(length(wrapped_key) = 48),
  nonce BLOB NOT NULL CHECK(length(nonce) = 12),
  ciphertext BLOB NOT NULL CHECK(length(ciphertext) >= 16),
  UNIQUE(purpose, owner, number)
) STRICT;

-- The key that signs checkpoints. A new epoch is a new origin; tree and seq go on.
CREATE TABLE signing_key(
  epoch INTEGER PRIMARY KEY CHECK(epoch >= 1),
  origin TEXT NOT NULL UNIQUE,
  public_key BLOB NOT NULL CHECK(length(public_key) = 32),
  sealed_id INTEGER NOT NULL REFERENCES sealed(id),
  created_at_ms INTEGER NOT NULL
) STRICT;

-- An API endpoint.
CREATE TABLE connection(
  name TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK(kind IN ('pinecone')),
  api TEXT NOT NULL,
  login TEXT NOT NULL,
  ca_file TEXT,
  api_host TEXT NOT NULL
) STRICT;

-- The thing a policy keeps fresh, or an admin's credential.
CREATE TABLE secret(
  id TEXT PRIMARY KEY CHECK(length(id) = 26),
  name TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL CHECK(kind IN ('service-account', 'api-key')),
  connection TEXT NOT NULL REFERENCES connection(name),
  api_host TEXT NOT NULL,
  project TEXT,
  created_at_ms INTEGER NOT NULL,
  -- The last time that a version became current by a rotation, or that the policy says.
  rotated_at_ms INTEGER,
  -- When the schedule wants the next rotation; NULL when it wants none.
  due_at_ms INTEGER,
  due_why TEXT,
  must_be_before_ms INTEGER
) STRICT;
CREATE INDEX secret_due ON secret(due_at_ms) WHERE due_at_ms IS NOT NULL;

-- Any id that a secret ever had at the provider (P1): one credential belongs to one secret.
CREATE TABLE identity(
  api_host TEXT NOT NULL,
  kind TEXT NOT NULL,
  provider_id TEXT NOT NULL,
  secret_id TEXT NOT NULL REFERENCES secret(id),
  PRIMARY KEY(api_host, kind, provider_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE admin(
  connection TEXT NOT NULL REFERENCES connection(name),
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  -- NULL until `login`.
  secret_id TEXT REFERENCES secret(id),
  PRIMARY KEY(connection, name)
) STRICT;

CREATE TABLE policy(
  secret_id TEXT PRIMARY KEY REFERENCES secret(id),
  -- Canonical JSON of the policy; its SHA-256 is in the trail.
  document TEXT NOT NULL,
  -- Keyed hash of the name: spreads rotations that would come together.
  phase INTEGER NOT NULL CHECK(phase >= 0),
  paused_until_ms INTEGER,
  paused_reason TEXT CHECK((paused_reason IS NULL) = (paused_until_ms IS NULL)),
  applied_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE policy_label(
  secret_id TEXT NOT NULL REFERENCES policy(secret_id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY(secret_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX policy_label_value ON policy_label(key, value);

-- Settings of the file that are not a policy's: freezes.
CREATE TABLE setting(
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;

CREATE TABLE rotation(
  id TEXT PRIMARY KEY CHECK(length(id) = 26),
  secret_id TEXT NOT NULL REFERENCES secret(id),
  trigger TEXT NOT NULL CHECK(trigger IN ('schedule', 'manual', 'emergency', 'recovery')),
  reason TEXT,
  ticket TEXT,
  -- The target and terms as they were when it began (P4).
  target TEXT NOT NULL,
  terms TEXT NOT NULL,
  step TEXT NOT NULL
    CHECK(step IN ('prepare', 'issue', 'prove', 'promote', 'deliver', 'retire', 'confirm')),
  state TEXT NOT NULL CHECK(state IN ('open', 'parked', 'done', 'superseded')),
  revision INTEGER NOT NULL CHECK(revision >= 0),
  from_version INTEGER,
  to_version INTEGER,
  mintings INTEGER NOT NULL DEFAULT 0 CHECK(mintings >= 0),
  failures INTEGER NOT NULL DEFAULT 0 CHECK(failures >= 0),
  next_try_at_ms INTEGER,
  cause TEXT,
  old_said TEXT CHECK(old_said IN ('accepted', 'refused', 'no-verdict', 'not-held')),
  listed TEXT NOT NULL DEFAULT '[]',
  started_at_ms INTEGER NOT NULL,
  finished_at_ms INTEGER
) STRICT;
-- A secret has at most one open rotation (P1).
CREATE UNIQUE INDEX rotation_open ON rotation(secret_id) WHERE state IN ('open', 'parked');
CREATE INDEX rotation_secret ON rotation(secret_id, started_at_ms);

-- A call that changes something at the provider: intended, then settled.
CREATE TABLE effect(
  id TEXT PRIMARY KEY CHECK(length(id) = 26),
  rotation_id TEXT NOT NULL REFERENCES rotation(id),
  step TEXT NOT NULL CHECK(step IN ('issue', 'retire')),
  -- The version that it makes or retires.
  version INTEGER NOT NULL,
  -- The name given to what it creates (P6), or the provider's id of what it deletes.
  name TEXT,
  state TEXT NOT NULL
    CHECK(state IN ('intended', 'answered', 'done', 'refused', 'unsettled', 'abandoned')),
  cause TEXT,
  intended_at_ms INTEGER NOT NULL,
  settled_at_ms INTEGER
) STRICT;
CREATE INDEX effect_rotation ON effect(rotation_id);

CREATE TABLE version(
  secret_id TEXT NOT NULL REFERENCES secret(id),
  number INTEGER NOT NULL CHECK(number >= 1),
  state TEXT NOT NULL
    CHECK(state IN ('pending', 'current', 'retiring', 'retired', 'lost', 'destroyed')),
  provider_id TEXT NOT NULL,
  provider_name TEXT,
  client_id TEXT,
  -- NULL when the value was never seen, or is destroyed.
  sealed_id INTEGER REFERENCES sealed(id),
  rotation_id TEXT REFERENCES rotation(id),
  issued_at_ms INTEGER NOT NULL,
  proved_at_ms INTEGER,
  promoted_at_ms INTEGER,
  retire_at_ms INTEGER CHECK(state <> 'retiring' OR retire_at_ms IS NOT NULL),
  -- When the provider took it away, or replaced it.
  ended_at_ms INTEGER,
  retired_at_ms INTEGER,
  time_to_death_ms INTEGER,
  PRIMARY KEY(secret_id, number)
) STRICT, WITHOUT ROWID;
-- At most one current version (invariant 12).
CREATE UNIQUE INDEX version_current ON version(secret_id) WHERE state = 'current';
CREATE INDEX version_state ON version(state) WHERE state IN ('pending', 'retiring', 'lost');

-- One version at one destination.
CREATE TABLE delivery(
  secret_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  destination TEXT NOT NULL,
  position INTEGER NOT NULL,
  -- The destination as the rotation copied it.
  terms TEXT NOT NULL,
  required INTEGER NOT NULL CHECK(required IN (0, 1)),
  state TEXT NOT NULL CHECK(state IN ('owed', 'intended', 'done', 'closed')),
  failures INTEGER NOT NULL DEFAULT 0,
  next_try_at_ms INTEGER,
  cause TEXT,
  -- The temporary file's name (P24), while one may exist.
  temporary TEXT,
  -- The hook's process, as long as it may run (P23).
  process TEXT,
  -- Keyed fingerprint of what was written.
  digest BLOB,
  settled_at_ms INTEGER,
  PRIMARY KEY(secret_id, version, destination),
  FOREIGN KEY(secret_id, version) REFERENCES version(secret_id, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_owed ON delivery(secret_id) WHERE state IN ('owed', 'intended');

-- The audit trail: see Sources/Audit/FORMAT.md.
CREATE TABLE audit_entry(
  seq INTEGER PRIMARY KEY CHECK(seq >= 0),
  leaf TEXT NOT NULL CHECK(length(CAST(leaf AS BLOB)) BETWEEN 2 AND 16384),
  hash BLOB NOT NULL CHECK(length(hash) = 32),
  -- Projections of the leaf, derived again by `audit verify`.
  time_ms INTEGER NOT NULL,
  type TEXT NOT NULL,
  secret_id TEXT,
  rotation_id TEXT,
  run_id TEXT,
  outcome TEXT
) STRICT;
CREATE INDEX audit_entry_secret ON audit_entry(secret_id, seq) WHERE secret_id IS NOT NULL;
CREATE INDEX audit_entry_type ON audit_entry(type, seq);
CREATE INDEX audit_entry_rotation ON audit_entry(rotation_id, seq) WHERE rotation_id IS NOT NULL;

-- Complete subtrees above the leaves.
CREATE TABLE audit_node(
  level INTEGER NOT NULL CHECK(level >= 1),
  position INTEGER NOT NULL CHECK(position >= 0),
  hash BLOB NOT NULL CHECK(length(hash) = 32),
  PRIMARY KEY(level, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_checkpoint(
  size INTEGER PRIMARY KEY CHECK(size >= 1),
  note TEXT NOT NULL
) STRICT;

CREATE TABLE audit_cosignature(
  size INTEGER NOT NULL REFERENCES audit_checkpoint(size),
  key TEXT NOT NULL,
  line TEXT NOT NULL,
  PRIMARY KEY(size, key)
) STRICT;

-- REPLACE walks through triggers on UPDATE and DELETE, so each INSERT is guarded as well.
CREATE TRIGGER audit_entry_no_update BEFORE UPDATE ON audit_entry
  BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END;
CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry
  BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END;
CREATE TRIGGER audit_entry_next_only BEFORE INSERT ON audit_entry
  WHEN NEW.seq IS NOT (SELECT coalesce(max(seq) + 1, 0) FROM audit_entry)
  BEGIN SELECT RAISE(ABORT, 'the audit trail only grows: seq must be the next'); END;
CREATE TRIGGER audit_node_no_update BEFORE UPDATE ON audit_node
  BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END;
CREATE TRIGGER audit_node_no_delete BEFORE DELETE ON audit_node
  BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END;
CREATE TRIGGER audit_node_new_only BEFORE INSERT ON audit_node
  WHEN EXISTS (SELECT 1 FROM audit_node WHERE level = NEW.level AND position = NEW.position)
  BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END;
CREATE TRIGGER audit_checkpoint_no_update BEFORE UPDATE ON audit_checkpoint
  BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END;
CREATE TRIGGER audit_checkpoint_no_delete BEFORE DELETE ON audit_checkpoint
  BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END;
CREATE TRIGGER audit_checkpoint_growing_only BEFORE INSERT ON audit_checkpoint
  WHEN NEW.size <= (SELECT coalesce(max(size), 0) FROM audit_checkpoint)
  BEGIN SELECT RAISE(ABORT, 'the audit trail only grows: a checkpoint must be larger'); END;
CREATE TRIGGER audit_cosignature_no_update BEFORE UPDATE ON audit_cosignature
  BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END;
CREATE TRIGGER audit_cosignature_no_delete BEFORE DELETE ON audit_cosignature
  BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END;
CREATE TRIGGER audit_cosignature_new_only BEFORE INSERT ON audit_cosignature
  WHEN EXISTS (SELECT 1 FROM audit_cosignature WHERE size = NEW.size AND key = NEW.key)
  BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END;
