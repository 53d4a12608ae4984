-- Files that messages of the local connector carry. The content is kept once, in pieces; `state` is 0 while it comes, 1 when
-- it is whole, 2 when it is to be erased. `touched_at` is when it came, or when it was to be erased.
CREATE TABLE files (
    file_id    INTEGER PRIMARY KEY,
    salt       BLOB NOT NULL,
    sha256     BLOB,
    bytes      INTEGER NOT NULL,
    image      TEXT,
    state      INTEGER NOT NULL,
    touched_at INTEGER NOT NULL
);
CREATE INDEX files_sha256 ON files (sha256) WHERE state = 1;
CREATE INDEX files_leaving ON files (touched_at) WHERE state = 2;
-- With a rowid: large rows one behind the other, and a small index.
CREATE TABLE file_pieces (
    file_id INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    data    BLOB NOT NULL,
    PRIMARY KEY (file_id, seq)
);
-- Which file a message in somebody's mailbox carries. `number` is the first message there that carried it.
CREATE TABLE message_files (
    account_id INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    number     INTEGER NOT NULL,
    file_id    INTEGER NOT NULL,
    PRIMARY KEY (account_id, message_id)
) WITHOUT ROWID;
CREATE INDEX message_files_number ON message_files (account_id, number);
CREATE INDEX message_files_file ON message_files (file_id);
