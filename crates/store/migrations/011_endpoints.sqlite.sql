-- Webhooks beside Telegram's own. What they have in common with it is in `webhooks`, under the name `#` and the number;
-- where they stand is in `consumers`. The secrets are encrypted with a key that is not in here.
CREATE TABLE endpoints (
    account_id       INTEGER NOT NULL,
    webhook_id       INTEGER NOT NULL,
    description      TEXT,
    chats            TEXT NOT NULL,
    labels           TEXT NOT NULL,
    max_attempts     INTEGER NOT NULL,
    paused           INTEGER NOT NULL,
    secret           BLOB NOT NULL,
    old_secret       BLOB,
    old_secret_until INTEGER,
    created_at       INTEGER NOT NULL,
    PRIMARY KEY (account_id, webhook_id)
) WITHOUT ROWID;
-- Tries to deliver, the newest of each endpoint.
CREATE TABLE deliveries (
    account_id  INTEGER NOT NULL,
    webhook_id  INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    update_id   INTEGER NOT NULL,
    attempt     INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    status      INTEGER NOT NULL,
    http_status INTEGER,
    error       TEXT,
    duration_ms INTEGER NOT NULL,
    PRIMARY KEY (account_id, webhook_id, seq)
) WITHOUT ROWID;
-- Updates that were given up.
CREATE TABLE dead_letters (
    account_id  INTEGER NOT NULL,
    webhook_id  INTEGER NOT NULL,
    update_id   INTEGER NOT NULL,
    attempts    INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    http_status INTEGER,
    error       TEXT,
    PRIMARY KEY (account_id, webhook_id, update_id)
) WITHOUT ROWID;
CREATE INDEX dead_letters_at ON dead_letters (at);
-- Updates that are to be delivered again, in the order in which that was asked for.
CREATE TABLE replays (
    account_id INTEGER NOT NULL,
    webhook_id INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    update_id  INTEGER NOT NULL,
    PRIMARY KEY (account_id, webhook_id, seq)
) WITHOUT ROWID;
