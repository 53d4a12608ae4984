-- Credentials are found by the first eight bytes of their digests, as a number: an account may have thousands.
ALTER TABLE tokens ADD COLUMN selector INTEGER NOT NULL DEFAULT 0;
UPDATE tokens SET selector =
    (instr('123456789ABCDEF', substr(hex(digest), 1, 1)) << 60)
    | (instr('123456789ABCDEF', substr(hex(digest), 2, 1)) << 56)
    | (instr('123456789ABCDEF', substr(hex(digest), 3, 1)) << 52)
    | (instr('123456789ABCDEF', substr(hex(digest), 4, 1)) << 48)
    | (instr('123456789ABCDEF', substr(hex(digest), 5, 1)) << 44)
    | (instr('123456789ABCDEF', substr(hex(digest), 6, 1)) << 40)
    | (instr('123456789ABCDEF', substr(hex(digest), 7, 1)) << 36)
    | (instr('123456789ABCDEF', substr(hex(digest), 8, 1)) << 32)
    | (instr('123456789ABCDEF', substr(hex(digest), 9, 1)) << 28)
    | (instr('123456789ABCDEF', substr(hex(digest), 10, 1)) << 24)
    | (instr('123456789ABCDEF', substr(hex(digest), 11, 1)) << 20)
    | (instr('123456789ABCDEF', substr(hex(digest), 12, 1)) << 16)
    | (instr('123456789ABCDEF', substr(hex(digest), 13, 1)) << 12)
    | (instr('123456789ABCDEF', substr(hex(digest), 14, 1)) << 8)
    | (instr('123456789ABCDEF', substr(hex(digest), 15, 1)) << 4)
    | instr('123456789ABCDEF', substr(hex(digest), 16, 1));
-- Which application an access token was given to, and of which grant's answers it is; no family is the
-- application's own token.
ALTER TABLE tokens ADD COLUMN app_id INTEGER;
ALTER TABLE tokens ADD COLUMN family_id INTEGER;
-- No two of an account's begin alike: that is one chance in 2^64.
CREATE UNIQUE INDEX tokens_selector ON tokens (account_id, selector);
CREATE INDEX tokens_app ON tokens (app_id, family_id) WHERE app_id IS NOT NULL;
CREATE INDEX tokens_age ON tokens (expires_at) WHERE kind = 2;

-- Applications. No digest is a public one's. Addresses stand one a line.
CREATE TABLE oauth_apps (
    account_id    INTEGER NOT NULL,
    app_id        INTEGER NOT NULL,
    client_id     TEXT NOT NULL,
    name          TEXT NOT NULL,
    digest        BLOB,
    redirects     TEXT NOT NULL,
    scopes        INTEGER NOT NULL,
    disabled      INTEGER NOT NULL,
    registered_by INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    PRIMARY KEY (account_id, app_id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX oauth_apps_number ON oauth_apps (app_id);

-- What a member allows an application on an account.
CREATE TABLE oauth_grants (
    account_id INTEGER NOT NULL,
    app_id     INTEGER NOT NULL,
    member_id  INTEGER NOT NULL,
    scopes     INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    given_at   INTEGER NOT NULL,
    PRIMARY KEY (account_id, app_id, member_id)
) WITHOUT ROWID;
CREATE INDEX oauth_grants_app ON oauth_grants (app_id, created_at);
CREATE INDEX oauth_grants_member ON oauth_grants (member_id, created_at);

-- One code and every token that came of it.
CREATE TABLE oauth_families (
    account_id INTEGER NOT NULL,
    family_id  INTEGER NOT NULL,
    app_id     INTEGER NOT NULL,
    member_id  INTEGER NOT NULL,
    revoked    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, family_id)
) WITHOUT ROWID;
CREATE INDEX oauth_families_app ON oauth_families (app_id, member_id);
CREATE INDEX oauth_families_age ON oauth_families (expires_at);

CREATE TABLE oauth_codes (
    account_id INTEGER NOT NULL,
    family_id  INTEGER NOT NULL,
    selector   INTEGER NOT NULL,
    digest     BLOB NOT NULL,
    redirect   TEXT NOT NULL,
    named      INTEGER NOT NULL,
    challenge  BLOB NOT NULL,
    scopes     INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used       INTEGER NOT NULL,
    PRIMARY KEY (account_id, family_id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX oauth_codes_selector ON oauth_codes (account_id, selector);

-- A refresh token has the number of the access token that was answered with it.
CREATE TABLE oauth_refresh (
    account_id INTEGER NOT NULL,
    family_id  INTEGER NOT NULL,
    token_id   INTEGER NOT NULL,
    selector   INTEGER NOT NULL,
    digest     BLOB NOT NULL,
    scopes     INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    lost       INTEGER NOT NULL,
    arrived    INTEGER NOT NULL,
    spent_at   INTEGER,
    next_id    INTEGER,
    PRIMARY KEY (account_id, family_id, token_id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX oauth_refresh_selector ON oauth_refresh (account_id, selector);
CREATE INDEX oauth_refresh_age ON oauth_refresh (expires_at);
