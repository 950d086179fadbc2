// How the journal lies on disk. `name` is the record's own kind and `bytes` the length of its body, so that the feed and the
// bound need not open every body. AUTOINCREMENT: a place is never given twice, even when all entries are forgotten.

/** Whoever asks for the story must repeat these words, or SQLite passes the index by. */
export const toldNames = "name IN ('Tell', 'PagePerson')";

export const schema = `
  CREATE TABLE IF NOT EXISTS entries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    version INTEGER NOT NULL,
    name TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS told ON entries (seq) WHERE ${toldNames};
  CREATE TABLE IF NOT EXISTS snapshots (seq INTEGER PRIMARY KEY, state TEXT NOT NULL) STRICT;
`;
