-- What finding the rows of one secret needs: each entry about it says what they are from then on.
CREATE INDEX identity_secret ON identity(secret_id);

-- What is done after deliveries of a secret, so that who uses it takes the new value: once a run for
-- all secrets that share it.
CREATE TABLE reaction(
  secret_id TEXT NOT NULL REFERENCES secret(id),
  action TEXT NOT NULL,
  position INTEGER NOT NULL,
  -- As the policy had it when it was owed.
  terms TEXT NOT NULL,
  state TEXT NOT NULL CHECK(state IN ('owed', 'done', 'closed')),
  failures INTEGER NOT NULL DEFAULT 0 CHECK(failures >= 0),
  next_try_at_ms INTEGER,
  cause TEXT,
  owed_at_ms INTEGER NOT NULL,
  settled_at_ms INTEGER,
  PRIMARY KEY(secret_id, action)
) STRICT, WITHOUT ROWID;
CREATE INDEX reaction_owed ON reaction(secret_id) WHERE state = 'owed';
