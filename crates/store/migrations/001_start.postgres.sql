-- Whoever can take part in a chat: accounts, people, and numbers that wait for somebody.
CREATE TABLE users (
    id           BIGINT PRIMARY KEY,
    kind         BIGINT NOT NULL,
    first_name   TEXT NOT NULL,
    last_name    TEXT,
    username     TEXT,
    username_key TEXT UNIQUE,
    phone        TEXT UNIQUE,
    email        TEXT,
    language     TEXT,
    created_at   BIGINT NOT NULL
);

CREATE TABLE accounts (
    account_id BIGINT PRIMARY KEY,
    is_user    BOOLEAN NOT NULL,
    region     TEXT,
    strict     BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);

-- The numbers that each mailbox counts with. One row, changed first by every write of its owner.
CREATE TABLE counters (
    account_id      BIGINT PRIMARY KEY,
    message_id      BIGINT NOT NULL DEFAULT 0,
    update_id       BIGINT NOT NULL DEFAULT 0,
    contact_version BIGINT NOT NULL DEFAULT 0,
    sync_floor      BIGINT NOT NULL DEFAULT 0,
    messages        BIGINT NOT NULL DEFAULT 0,
    contacts        BIGINT NOT NULL DEFAULT 0,
    last_date       BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE tokens (
    account_id BIGINT NOT NULL,
    token_id   BIGINT NOT NULL,
    digest     BYTEA NOT NULL,
    label      TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    PRIMARY KEY (account_id, token_id)
);

CREATE TABLE contacts (
    account_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    first_name   TEXT NOT NULL,
    last_name    TEXT,
    username     TEXT,
    username_key TEXT,
    phone        TEXT,
    email        TEXT,
    user_id      BIGINT,
    language     TEXT,
    is_bot       BOOLEAN NOT NULL,
    labels       TEXT,
    note         TEXT,
    attributes   TEXT,
    verified     BOOLEAN NOT NULL,
    blocked      BOOLEAN NOT NULL,
    source       BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    version      BIGINT NOT NULL,
    name_key     TEXT COLLATE "C" NOT NULL,
    search       TEXT NOT NULL,
    grams        TEXT[] NOT NULL
);
CREATE UNIQUE INDEX contacts_id ON contacts (account_id, id);
CREATE UNIQUE INDEX contacts_phone ON contacts (account_id, phone) WHERE phone IS NOT NULL;
CREATE INDEX contacts_username ON contacts (account_id, username_key, id) WHERE username_key IS NOT NULL;
CREATE INDEX contacts_name ON contacts (account_id, name_key, id);
CREATE UNIQUE INDEX contacts_version ON contacts (account_id, version);
-- A search reads all that is not sorted into a GIN index yet, and the planner shuns the index for it: 256 kB
-- instead of the usual 4 MB.
CREATE INDEX contacts_grams ON contacts USING gin (grams) WITH (gin_pending_list_limit = 256);

CREATE TABLE contact_labels (
    account_id BIGINT NOT NULL,
    label      TEXT COLLATE "C" NOT NULL,
    id         BIGINT NOT NULL,
    PRIMARY KEY (account_id, label, id)
);
CREATE INDEX contact_labels_id ON contact_labels (account_id, id);

-- Ids that a contact had before its user was known.
CREATE TABLE contact_aliases (
    account_id BIGINT NOT NULL,
    old_id     BIGINT NOT NULL,
    id         BIGINT NOT NULL,
    PRIMARY KEY (account_id, old_id)
);
CREATE INDEX contact_aliases_id ON contact_aliases (account_id, id);

-- What sync tokens are told of removed contacts.
CREATE TABLE contact_tombstones (
    account_id BIGINT NOT NULL,
    version    BIGINT NOT NULL,
    id         BIGINT NOT NULL,
    deleted_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, version)
);
CREATE INDEX contact_tombstones_age ON contact_tombstones (deleted_at);

CREATE TABLE messages (
    account_id  BIGINT NOT NULL,
    message_id  BIGINT NOT NULL,
    chat_id     BIGINT NOT NULL,
    from_id     BIGINT NOT NULL,
    outgoing    BOOLEAN NOT NULL,
    date        BIGINT NOT NULL,
    origin_user BIGINT NOT NULL,
    origin_id   BIGINT NOT NULL,
    search      TEXT,
    grams       TEXT[],
    body        TEXT NOT NULL
);
CREATE UNIQUE INDEX messages_id ON messages (account_id, message_id);
CREATE INDEX messages_chat ON messages (account_id, chat_id, message_id);
CREATE INDEX messages_origin ON messages (account_id, origin_user, origin_id) WHERE NOT outgoing;
CREATE INDEX messages_grams ON messages USING gin (grams) WITH (gin_pending_list_limit = 256);

CREATE TABLE chats (
    account_id BIGINT NOT NULL,
    chat_id    BIGINT NOT NULL,
    messages   BIGINT NOT NULL,
    wrote      BOOLEAN NOT NULL,
    PRIMARY KEY (account_id, chat_id)
);

CREATE TABLE group_chats (
    id    BIGINT PRIMARY KEY,
    title TEXT NOT NULL
);

CREATE TABLE members (
    group_id BIGINT NOT NULL,
    user_id  BIGINT NOT NULL,
    status   TEXT NOT NULL,
    PRIMARY KEY (group_id, user_id)
);
CREATE INDEX members_user ON members (user_id);

CREATE TABLE blocks (
    account_id BIGINT NOT NULL,
    user_id    BIGINT NOT NULL,
    PRIMARY KEY (account_id, user_id)
);

CREATE TABLE updates (
    account_id BIGINT NOT NULL,
    update_id  BIGINT NOT NULL,
    kind       BIGINT NOT NULL,
    lane       BIGINT NOT NULL,
    date       BIGINT NOT NULL,
    body       TEXT NOT NULL,
    PRIMARY KEY (account_id, update_id)
);
CREATE INDEX updates_date ON updates (date);

CREATE TABLE consumers (
    account_id BIGINT NOT NULL,
    name       TEXT NOT NULL,
    position   BIGINT NOT NULL,
    allowed    BIGINT NOT NULL,
    PRIMARY KEY (account_id, name)
);

-- Updates that a webhook took before an older one of another lane.
CREATE TABLE acknowledged (
    account_id BIGINT NOT NULL,
    name       TEXT NOT NULL,
    update_id  BIGINT NOT NULL,
    PRIMARY KEY (account_id, name, update_id)
);

CREATE TABLE webhooks (
    account_id         BIGINT NOT NULL,
    name               TEXT NOT NULL,
    url                TEXT NOT NULL,
    secret_token       TEXT,
    max_connections    BIGINT NOT NULL,
    ip_address         TEXT,
    certificate        TEXT,
    generation         BIGINT NOT NULL,
    last_error_date    BIGINT,
    last_error_message TEXT,
    PRIMARY KEY (account_id, name)
);

CREATE TABLE callback_queries (
    account_id BIGINT NOT NULL,
    query_id   BIGINT NOT NULL,
    from_id    BIGINT NOT NULL,
    date       BIGINT NOT NULL,
    answer     TEXT,
    PRIMARY KEY (account_id, query_id)
);
CREATE INDEX callback_queries_age ON callback_queries (date);

CREATE TABLE bot_commands (
    account_id BIGINT NOT NULL,
    scope      TEXT NOT NULL,
    language   TEXT NOT NULL,
    commands   TEXT NOT NULL,
    PRIMARY KEY (account_id, scope, language)
);

-- First answers of requests that carried an Idempotency-Key.
CREATE TABLE idempotency (
    account_id  BIGINT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint BYTEA NOT NULL,
    answer      TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (account_id, key)
);
CREATE INDEX idempotency_age ON idempotency (created_at);

-- What belongs to the server as a whole, such as the digest of its admin token.
CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
