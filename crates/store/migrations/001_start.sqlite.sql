-- Whoever can take part in a chat: accounts, people, and numbers that wait for somebody.
CREATE TABLE users (
    id           INTEGER PRIMARY KEY,
    kind         INTEGER NOT NULL,
    first_name   TEXT NOT NULL,
    last_name    TEXT,
    username     TEXT,
    username_key TEXT UNIQUE,
    phone        TEXT UNIQUE,
    email        TEXT,
    language     TEXT,
    created_at   INTEGER NOT NULL
);

CREATE TABLE accounts (
    account_id INTEGER PRIMARY KEY,
    is_user    INTEGER NOT NULL,
    region     TEXT,
    strict     INTEGER NOT NULL,
    created_at INTEGER NOT NULL
);

-- The numbers that each mailbox counts with. One row, changed first by every write of its owner.
CREATE TABLE counters (
    account_id      INTEGER PRIMARY KEY,
    message_id      INTEGER NOT NULL DEFAULT 0,
    update_id       INTEGER NOT NULL DEFAULT 0,
    contact_version INTEGER NOT NULL DEFAULT 0,
    sync_floor      INTEGER NOT NULL DEFAULT 0,
    messages        INTEGER NOT NULL DEFAULT 0,
    contacts        INTEGER NOT NULL DEFAULT 0,
    last_date       INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE tokens (
    account_id INTEGER NOT NULL,
    token_id   INTEGER NOT NULL,
    digest     BLOB NOT NULL,
    label      TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    PRIMARY KEY (account_id, token_id)
) WITHOUT ROWID;

CREATE TABLE contacts (
    row          INTEGER PRIMARY KEY,
    account_id   INTEGER NOT NULL,
    id           INTEGER NOT NULL,
    first_name   TEXT NOT NULL,
    last_name    TEXT,
    username     TEXT,
    username_key TEXT,
    phone        TEXT,
    email        TEXT,
    user_id      INTEGER,
    language     TEXT,
    is_bot       INTEGER NOT NULL,
    labels       TEXT,
    note         TEXT,
    attributes   TEXT,
    verified     INTEGER NOT NULL,
    blocked      INTEGER NOT NULL,
    source       INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    name_key     TEXT NOT NULL,
    search       TEXT NOT NULL
);
CREATE UNIQUE INDEX contacts_id ON contacts (account_id, id);
CREATE UNIQUE INDEX contacts_phone ON contacts (account_id, phone) WHERE phone IS NOT NULL;
CREATE INDEX contacts_username ON contacts (account_id, username_key, id) WHERE username_key IS NOT NULL;
CREATE INDEX contacts_name ON contacts (account_id, name_key, id);
CREATE UNIQUE INDEX contacts_version ON contacts (account_id, version);
CREATE VIRTUAL TABLE contact_search
    USING fts5 (document, content = '', contentless_delete = 1, tokenize = 'trigram', detail = 'none');

CREATE TABLE contact_labels (
    account_id INTEGER NOT NULL,
    label      TEXT NOT NULL,
    id         INTEGER NOT NULL,
    PRIMARY KEY (account_id, label, id)
) WITHOUT ROWID;
CREATE INDEX contact_labels_id ON contact_labels (account_id, id);

-- Ids that a contact had before its user was known.
CREATE TABLE contact_aliases (
    account_id INTEGER NOT NULL,
    old_id     INTEGER NOT NULL,
    id         INTEGER NOT NULL,
    PRIMARY KEY (account_id, old_id)
) WITHOUT ROWID;
CREATE INDEX contact_aliases_id ON contact_aliases (account_id, id);

-- What sync tokens are told of removed contacts.
CREATE TABLE contact_tombstones (
    account_id INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    id         INTEGER NOT NULL,
    deleted_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, version)
) WITHOUT ROWID;
CREATE INDEX contact_tombstones_age ON contact_tombstones (deleted_at);

CREATE TABLE messages (
    row         INTEGER PRIMARY KEY,
    account_id  INTEGER NOT NULL,
    message_id  INTEGER NOT NULL,
    chat_id     INTEGER NOT NULL,
    from_id     INTEGER NOT NULL,
    outgoing    INTEGER NOT NULL,
    date        INTEGER NOT NULL,
    origin_user INTEGER NOT NULL,
    origin_id   INTEGER NOT NULL,
    search      TEXT,
    body        TEXT NOT NULL
);
CREATE UNIQUE INDEX messages_id ON messages (account_id, message_id);
CREATE INDEX messages_chat ON messages (account_id, chat_id, message_id);
CREATE INDEX messages_origin ON messages (account_id, origin_user, origin_id) WHERE NOT outgoing;
CREATE VIRTUAL TABLE message_search
    USING fts5 (document, content = '', contentless_delete = 1, tokenize = 'trigram', detail = 'none');

CREATE TABLE chats (
    account_id INTEGER NOT NULL,
    chat_id    INTEGER NOT NULL,
    messages   INTEGER NOT NULL,
    wrote      INTEGER NOT NULL,
    PRIMARY KEY (account_id, chat_id)
) WITHOUT ROWID;

CREATE TABLE group_chats (
    id    INTEGER PRIMARY KEY,
    title TEXT NOT NULL
);

CREATE TABLE members (
    group_id INTEGER NOT NULL,
    user_id  INTEGER NOT NULL,
    status   TEXT NOT NULL,
    PRIMARY KEY (group_id, user_id)
) WITHOUT ROWID;
CREATE INDEX members_user ON members (user_id);

CREATE TABLE blocks (
    account_id INTEGER NOT NULL,
    user_id    INTEGER NOT NULL,
    PRIMARY KEY (account_id, user_id)
) WITHOUT ROWID;

CREATE TABLE updates (
    account_id INTEGER NOT NULL,
    update_id  INTEGER NOT NULL,
    kind       INTEGER NOT NULL,
    lane       INTEGER NOT NULL,
    date       INTEGER NOT NULL,
    body       TEXT NOT NULL,
    PRIMARY KEY (account_id, update_id)
) WITHOUT ROWID;
CREATE INDEX updates_date ON updates (date);

CREATE TABLE consumers (
    account_id INTEGER NOT NULL,
    name       TEXT NOT NULL,
    position   INTEGER NOT NULL,
    allowed    INTEGER NOT NULL,
    PRIMARY KEY (account_id, name)
) WITHOUT ROWID;

-- Updates that a webhook took before an older one of another lane.
CREATE TABLE acknowledged (
    account_id INTEGER NOT NULL,
    name       TEXT NOT NULL,
    update_id  INTEGER NOT NULL,
    PRIMARY KEY (account_id, name, update_id)
) WITHOUT ROWID;

CREATE TABLE webhooks (
    account_id         INTEGER NOT NULL,
    name               TEXT NOT NULL,
    url                TEXT NOT NULL,
    secret_token       TEXT,
    max_connections    INTEGER NOT NULL,
    ip_address         TEXT,
    certificate        TEXT,
    generation         INTEGER NOT NULL,
    last_error_date    INTEGER,
    last_error_message TEXT,
    PRIMARY KEY (account_id, name)
) WITHOUT ROWID;

CREATE TABLE callback_queries (
    account_id INTEGER NOT NULL,
    query_id   INTEGER NOT NULL,
    from_id    INTEGER NOT NULL,
    date       INTEGER NOT NULL,
    answer     TEXT,
    PRIMARY KEY (account_id, query_id)
) WITHOUT ROWID;
CREATE INDEX callback_queries_age ON callback_queries (date);

CREATE TABLE bot_commands (
    account_id INTEGER NOT NULL,
    scope      TEXT NOT NULL,
    language   TEXT NOT NULL,
    commands   TEXT NOT NULL,
    PRIMARY KEY (account_id, scope, language)
) WITHOUT ROWID;

-- First answers of requests that carried an Idempotency-Key.
CREATE TABLE idempotency (
    account_id  INTEGER NOT NULL,
    key         TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    answer      TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (account_id, key)
) WITHOUT ROWID;
CREATE INDEX idempotency_age ON idempotency (created_at);

-- What belongs to the server as a whole, such as the digest of its admin token.
CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
