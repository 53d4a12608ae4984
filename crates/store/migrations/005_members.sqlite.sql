-- Who signs in, and with what. (`members` are those of groups.)
CREATE TABLE access_members (
    member_id       INTEGER PRIMARY KEY,
    name            TEXT NOT NULL,
    name_key        TEXT NOT NULL UNIQUE,
    display_name    TEXT NOT NULL,
    password        TEXT,
    created_at      INTEGER NOT NULL,
    last_sign_in_at INTEGER,
    disabled_at     INTEGER
);
-- Account 0 is all accounts, new ones too.
CREATE TABLE access_roles (
    account_id INTEGER NOT NULL,
    member_id  INTEGER NOT NULL,
    role       INTEGER NOT NULL,
    PRIMARY KEY (account_id, member_id)
) WITHOUT ROWID;
CREATE INDEX access_roles_member ON access_roles (member_id);
-- One-time links with which a password is set; a member has one at most.
CREATE TABLE access_links (
    member_id  INTEGER PRIMARY KEY,
    digest     BLOB NOT NULL UNIQUE,
    expires_at INTEGER NOT NULL
);
CREATE TABLE access_sessions (
    member_id  INTEGER NOT NULL,
    session_id INTEGER NOT NULL,
    digest     BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL,
    address    TEXT NOT NULL,
    agent      TEXT NOT NULL,
    PRIMARY KEY (member_id, session_id)
) WITHOUT ROWID;
-- A chain for each account, and that of the server under 0. Rows are only ever added, also when an account goes.
CREATE TABLE audit (
    account_id  INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    actor_kind  TEXT NOT NULL,
    actor_id    INTEGER NOT NULL,
    actor_label TEXT NOT NULL,
    action      TEXT NOT NULL,
    target      TEXT NOT NULL,
    details     TEXT NOT NULL,
    previous    BLOB NOT NULL,
    hash        BLOB NOT NULL,
    PRIMARY KEY (account_id, seq)
) WITHOUT ROWID;
CREATE INDEX audit_at ON audit (at, account_id, seq);
CREATE TABLE audit_heads (
    account_id INTEGER PRIMARY KEY,
    seq        INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    hash       BLOB NOT NULL
);
-- The server's own numbers, and the lock of what concerns all accounts.
INSERT INTO counters (account_id) VALUES (0);
