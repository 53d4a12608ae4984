-- Files that messages of the local connector carry. The content is kept once, in pieces; `state` is 0 while it comes, 1 when
-- it is whole, 2 when it is to be erased. `touched_at` is when it came, or when it was to be erased.
CREATE TABLE files (
    file_id    BIGINT PRIMARY KEY,
    salt       BYTEA NOT NULL,
    sha256     BYTEA,
    bytes      BIGINT NOT NULL,
    image      TEXT,
    state      BIGINT NOT NULL,
    touched_at BIGINT NOT NULL
);
CREATE INDEX files_sha256 ON files (sha256) WHERE state = 1;
CREATE INDEX files_leaving ON files (touched_at) WHERE state = 2;
CREATE TABLE file_pieces (
    file_id BIGINT NOT NULL,
    seq     BIGINT NOT NULL,
    data    BYTEA NOT NULL,
    PRIMARY KEY (file_id, seq)
);
-- Pictures and films are packed already.
ALTER TABLE file_pieces ALTER COLUMN data SET STORAGE EXTERNAL;
-- Which file a message in somebody's mailbox carries. `number` is the first message there that carried it.
CREATE TABLE message_files (
    account_id BIGINT NOT NULL,
    message_id BIGINT NOT NULL,
    number     BIGINT NOT NULL,
    file_id    BIGINT NOT NULL,
    PRIMARY KEY (account_id, message_id)
);
CREATE INDEX message_files_number ON message_files (account_id, number);
CREATE INDEX message_files_file ON message_files (file_id);
