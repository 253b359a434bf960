-- What anchors need: keys that follow one another within an epoch.

-- The keys that sign checkpoints. A new epoch is a new origin; tree and seq go on. A key that
-- another followed can sign nothing any longer: its private part is erased.
CREATE TABLE signing_key_v3(
  epoch INTEGER NOT NULL CHECK(epoch >= 1),
  number INTEGER NOT NULL CHECK(number >= 0),
  origin TEXT NOT NULL,
  public_key BLOB NOT NULL UNIQUE CHECK(length(public_key) = 32),
  -- NULL when it is erased.
  sealed_id INTEGER REFERENCES sealed(id),
  created_at_ms INTEGER NOT NULL,
  PRIMARY KEY(epoch, number)
) STRICT, WITHOUT ROWID;
INSERT INTO signing_key_v3 SELECT epoch, 0, origin, public_key, sealed_id, created_at_ms
  FROM signing_key;
DROP TABLE signing_key;
ALTER TABLE signing_key_v3 RENAME TO signing_key;
