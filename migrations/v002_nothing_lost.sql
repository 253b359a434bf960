-- What "nothing is lost" needs: outcomes under watch, acknowledgements, incidents, moves.

-- An effect may also grant what a sibling account lacks (step prove), and its outcome may be watched.
CREATE TABLE effect_v2(
  id TEXT PRIMARY KEY CHECK(length(id) = 26),
  rotation_id TEXT NOT NULL REFERENCES rotation(id),
  step TEXT NOT NULL CHECK(step IN ('issue', 'prove', 'retire')),
  -- The version that it makes, equips or retires.
  version INTEGER NOT NULL,
  -- The name given to what it creates (P6), or the provider's id of what it equips or deletes.
  name TEXT,
  state TEXT NOT NULL
    CHECK(state IN ('intended', 'answered', 'done', 'refused', 'unsettled', 'abandoned')),
  cause TEXT,
  intended_at_ms INTEGER NOT NULL,
  settled_at_ms INTEGER,
  -- Until when "it did not happen" may turn out to be wrong (P17).
  watch_until_ms INTEGER
) STRICT;
INSERT INTO effect_v2
  SELECT id, rotation_id, step, version, name, state, cause, intended_at_ms, settled_at_ms, NULL
  FROM effect;
DROP TABLE effect;
ALTER TABLE effect_v2 RENAME TO effect;
CREATE INDEX effect_rotation ON effect(rotation_id);
CREATE INDEX effect_watched ON effect(watch_until_ms) WHERE watch_until_ms IS NOT NULL;

-- When a person said that its consumers have moved to it (P25).
ALTER TABLE version ADD COLUMN acknowledged_at_ms INTEGER;

-- An emergency: selector, reason and ticket name it (P31).
CREATE TABLE incident(
  id TEXT PRIMARY KEY CHECK(length(id) = 26),
  selector TEXT NOT NULL,
  reason TEXT NOT NULL,
  ticket TEXT NOT NULL DEFAULT '',
  opened_at_ms INTEGER NOT NULL,
  closed_at_ms INTEGER
) STRICT;
-- While one is open, the same command resumes it.
CREATE UNIQUE INDEX incident_open ON incident(selector, reason, ticket) WHERE closed_at_ms IS NULL;
ALTER TABLE rotation ADD COLUMN incident_id TEXT REFERENCES incident(id);
CREATE INDEX rotation_incident ON rotation(incident_id) WHERE incident_id IS NOT NULL;

-- The machine that last wrote here; another one means that the state was moved or restored (P32).
ALTER TABLE installation ADD COLUMN machine_id TEXT;
