-- New rows go into the search indexes many at a time. Each index holds all rows up to its mark and none behind.
CREATE TABLE search_marks (
    name TEXT PRIMARY KEY,
    row  INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO search_marks (name, row)
VALUES ('contacts', (SELECT coalesce(max(row), 0) FROM contacts)),
       ('messages', (SELECT coalesce(max(row), 0) FROM messages));
-- Parts of the index are joined sixteen at a time: that writes each row less often, and a search asks some more
-- parts. Never more at once than what comes in makes due.
INSERT INTO contact_search (contact_search, rank) VALUES ('crisismerge', 64);
INSERT INTO contact_search (contact_search, rank) VALUES ('automerge', 16);
INSERT INTO message_search (message_search, rank) VALUES ('crisismerge', 64);
INSERT INTO message_search (message_search, rank) VALUES ('automerge', 16);
