-- Every statement of the store that is run often or that carries a rule.  Parameters are written :name.

-- known_keys --
-- What the store holds under some keys of a list, and whether this import has met it already: a row that the import changed carries
-- the new version, one that it left alone or changed back stands in `met`.
SELECT e.key, e.id, e.fingerprint, e.state, e.version, e.added, e.updated,
       CASE WHEN e.version = :version OR m.entry IS NOT NULL THEN 1 ELSE 0 END AS met
  FROM entries e LEFT JOIN met m ON m.entry = e.id
 WHERE e.list = :list AND e.key IN :keys

-- highest_entry --
-- Ids are handed out by the writer, of whom there is one, so that signals can be inserted in bulk without asking back.
SELECT COALESCE(MAX(id), 0) FROM entries

-- insert_entries --
INSERT INTO entries (id, list, key, grades, labels, source, added, updated, state, fingerprint, version)
VALUES (:id, :list, :key, :grades, :labels, :source, :added, :updated, 'active', :fingerprint, :version)

-- insert_signals --
INSERT INTO signals (entry, kind, value, quality) VALUES (:entry, :kind, :value, :quality)

-- replace_entry --
UPDATE entries
   SET grades = :grades, labels = :labels, source = :source, added = :added, updated = :updated, state = 'active',
       fingerprint = :fingerprint, version = :version
 WHERE id = :id

-- delete_signals --
DELETE FROM signals WHERE entry = :id

-- withdraw_entry --
UPDATE entries SET state = 'removed', updated = :updated, version = :version WHERE id = :id

-- remember_met --
-- The state before this import of a row that it meets.
INSERT INTO met (entry, version, fingerprint, state, added, updated)
VALUES (:entry, :version, :fingerprint, :state, :added, :updated)

-- undo_round_trips --
-- A row whose pieces are spread over a file changes and changes back while the same file is imported again.  It gets its old version
-- back: importing the same file twice changes nothing.  So does one that was withdrawn before and is so again: what it said in between
-- never counted.
UPDATE entries
   SET version = (SELECT m.version FROM met m WHERE m.entry = entries.id),
       updated = (SELECT m.updated FROM met m WHERE m.entry = entries.id)
 WHERE list = :list AND version = :version
   AND EXISTS (SELECT 1 FROM met m
                WHERE m.entry = entries.id AND m.state = entries.state
                  AND (m.state = 'removed'
                       OR (m.fingerprint = entries.fingerprint AND m.added = entries.added
                           AND (m.updated = entries.updated OR entries.updated = :now))))

-- drop_short_lived --
-- Rows that this import added and removed again were never part of the list.
DELETE FROM entries
 WHERE list = :list AND version = :version AND state = 'removed'
   AND NOT EXISTS (SELECT 1 FROM met m WHERE m.entry = entries.id)

-- count_changes --
-- What this import did: (added, updated, removed).  A GROUP BY would sort all rows.
SELECT COALESCE(SUM(CASE WHEN e.state = 'active' AND COALESCE(m.state, 'removed') = 'removed' THEN 1 ELSE 0 END), 0),
       COALESCE(SUM(CASE WHEN e.state = 'active' AND m.state = 'active' THEN 1 ELSE 0 END), 0),
       COALESCE(SUM(CASE WHEN e.state = 'removed' THEN 1 ELSE 0 END), 0)
  FROM entries e LEFT JOIN met m ON m.entry = e.id
 WHERE e.list = :list AND e.version = :version

-- count_unchanged --
-- CROSS JOIN: SQLite then goes by the few rows of `met`, and not through all entries, which it would for want of statistics.
SELECT COUNT(*)
  FROM met m CROSS JOIN entries e
 WHERE e.id = m.entry AND e.version = m.version AND e.state = 'active'

-- entries_of_ids --
SELECT e.id, e.key, e.grades, e.labels, e.source, e.added, e.updated, s.kind, s.value, s.quality
  FROM entries e LEFT JOIN signals s ON s.entry = e.id
 WHERE e.id IN :ids
 ORDER BY e.id, s.kind, s.value

-- entries_since --
-- The active entries of a list that changed after a version (-1: all of them), oldest first, one row a signal.
SELECT e.id, e.key, e.grades, e.labels, e.source, e.added, e.updated, s.kind, s.value, s.quality
  FROM entries e LEFT JOIN signals s ON s.entry = e.id
 WHERE e.list = :list AND e.version > :version AND e.state = 'active'
 ORDER BY e.version, e.id, s.kind, s.value

-- touched_since --
-- The ids of everything that changed after a version, withdrawn entries included: what an older snapshot holds of them is stale.
SELECT id FROM entries WHERE list = :list AND version > :version ORDER BY id

-- count_entries --
SELECT state, COUNT(*) AS rows FROM entries WHERE list = :list GROUP BY state

-- count_signals --
SELECT s.kind, COUNT(*) AS rows
  FROM entries e JOIN signals s ON s.entry = e.id
 WHERE e.list = :list AND e.state = 'active' AND s.kind <> 'track'
 GROUP BY s.kind
 ORDER BY s.kind

-- former_rows --
-- What rows say before an import changes them, one row a signal.
SELECT e.id, e.version, e.state, e.grades, e.labels, e.source, e.added, e.updated, s.kind, s.value, s.quality
  FROM entries e LEFT JOIN signals s ON s.entry = e.id
 WHERE e.id IN :ids
 ORDER BY e.id, s.kind, s.value

-- insert_history --
INSERT INTO entry_history (entry, until, list, since, state, grades, labels, source, added, updated, signals)
VALUES (:entry, :until, :list, :since, :state, :grades, :labels, :source, :added, :updated, :signals)

-- forget_round_trips --
-- What was kept of rows that an import changed and changed back.
DELETE FROM entry_history
 WHERE list = :list AND until = :version
   AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.id = entry_history.entry AND e.version = :version)

-- end_pauses_of --
-- Entries that are switched off were withdrawn: they do not come back by themselves.
DELETE FROM entry_pauses WHERE entry IN :ids

-- paused_of --
SELECT entry FROM entry_pauses WHERE entry IN :ids

-- end_pauses --
-- Entries that are switched off, and that this version of their list changed, are so no longer.
DELETE FROM entry_pauses
 WHERE entry IN (SELECT e.id FROM entries e WHERE e.list = :list AND e.version = :version)

-- past_rows --
-- What a list said in a version, of the entries that have changed since, without what was withdrawn then.
SELECT entry, grades, labels, source, added, updated, signals
  FROM entry_history
 WHERE list = :list AND until > :version AND since <= :version AND state = 'active'
 ORDER BY entry

-- keys_of_ids --
SELECT id, key FROM entries WHERE id IN :ids
