-- Accounts whose bot lives on a Bot API server. The token is encrypted with a key that is not in here. `next_update` is
-- the upstream's number below which everything is kept here.
CREATE TABLE upstreams (
    account_id  INTEGER PRIMARY KEY,
    base_url    TEXT NOT NULL,
    token       BLOB NOT NULL,
    next_update INTEGER NOT NULL,
    stopped_at  INTEGER,
    stopped_why TEXT
);
-- Where a message of an upstream is in its account's mailbox: its numbers count in each channel anew, and in each
-- business connection (`space`; 0 is the bot's own).
CREATE TABLE upstream_messages (
    account_id INTEGER NOT NULL,
    space      INTEGER NOT NULL,
    chat_id    INTEGER NOT NULL,
    number     INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    PRIMARY KEY (account_id, space, chat_id, number)
) WITHOUT ROWID;
CREATE INDEX upstream_messages_id ON upstream_messages (account_id, message_id);
