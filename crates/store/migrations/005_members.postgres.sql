-- Who signs in, and with what. (`members` are those of groups.)
CREATE TABLE access_members (
    member_id       BIGINT PRIMARY KEY,
    name            TEXT NOT NULL,
    name_key        TEXT NOT NULL UNIQUE,
    display_name    TEXT NOT NULL,
    password        TEXT,
    created_at      BIGINT NOT NULL,
    last_sign_in_at BIGINT,
    disabled_at     BIGINT
);
-- Account 0 is all accounts, new ones too.
CREATE TABLE access_roles (
    account_id BIGINT NOT NULL,
    member_id  BIGINT NOT NULL,
    role       BIGINT NOT NULL,
    PRIMARY KEY (account_id, member_id)
);
CREATE INDEX access_roles_member ON access_roles (member_id);
-- One-time links with which a password is set; a member has one at most.
CREATE TABLE access_links (
    member_id  BIGINT PRIMARY KEY,
    digest     BYTEA NOT NULL UNIQUE,
    expires_at BIGINT NOT NULL
);
CREATE TABLE access_sessions (
    member_id  BIGINT NOT NULL,
    session_id BIGINT NOT NULL,
    digest     BYTEA NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    address    TEXT NOT NULL,
    agent      TEXT NOT NULL,
    PRIMARY KEY (member_id, session_id)
);
-- A chain for each account, and that of the server under 0. Rows are only ever added, also when an account goes.
CREATE TABLE audit (
    account_id  BIGINT NOT NULL,
    seq         BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    actor_kind  TEXT NOT NULL,
    actor_id    BIGINT NOT NULL,
    actor_label TEXT NOT NULL,
    action      TEXT NOT NULL,
    target      TEXT NOT NULL,
    details     TEXT NOT NULL,
    previous    BYTEA NOT NULL,
    hash        BYTEA NOT NULL,
    PRIMARY KEY (account_id, seq)
);
CREATE INDEX audit_at ON audit (at, account_id, seq);
CREATE TABLE audit_heads (
    account_id BIGINT PRIMARY KEY,
    seq        BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    hash       BYTEA NOT NULL
);
-- The server's own numbers, and the lock of what concerns all accounts.
INSERT INTO counters (account_id) VALUES (0);
