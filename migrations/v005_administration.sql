-- Something that a person does to an account or a key and that is no rotation: begun, or set for a
-- date. The row ends when it is settled; what became of it stands in the audit trail.
CREATE TABLE administration(
  id TEXT PRIMARY KEY CHECK(length(id) = 26),
  -- The whole of it.
  document TEXT NOT NULL,
  state TEXT NOT NULL CHECK(state IN ('scheduled', 'intended', 'unsettled', 'lost')),
  begun_at_ms INTEGER NOT NULL,
  -- When it is to be done, where that is later.
  not_before_ms INTEGER,
  CHECK(state <> 'scheduled' OR not_before_ms IS NOT NULL)
) STRICT;
