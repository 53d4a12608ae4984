-- Credentials are found by the first eight bytes of their digests, as a number: an account may have thousands.
ALTER TABLE tokens ADD COLUMN selector BIGINT NOT NULL DEFAULT 0;
UPDATE tokens SET selector = CAST(CAST('x' || substr(encode(digest, 'hex'), 1, 16) AS BIT(64)) AS BIGINT);
-- Which application an access token was given to, and of which grant's answers it is; no family is the
-- application's own token.
ALTER TABLE tokens ADD COLUMN app_id BIGINT;
ALTER TABLE tokens ADD COLUMN family_id BIGINT;
-- No two of an account's begin alike: that is one chance in 2^64.
CREATE UNIQUE INDEX tokens_selector ON tokens (account_id, selector);
CREATE INDEX tokens_app ON tokens (app_id, family_id) WHERE app_id IS NOT NULL;
CREATE INDEX tokens_age ON tokens (expires_at) WHERE kind = 2;

-- Applications. No digest is a public one's. Addresses stand one a line.
CREATE TABLE oauth_apps (
    account_id    BIGINT NOT NULL,
    app_id        BIGINT NOT NULL,
    client_id     TEXT NOT NULL,
    name          TEXT NOT NULL,
    digest        BYTEA,
    redirects     TEXT NOT NULL,
    scopes        BIGINT NOT NULL,
    disabled      BOOLEAN NOT NULL,
    registered_by BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    PRIMARY KEY (account_id, app_id)
);
CREATE UNIQUE INDEX oauth_apps_number ON oauth_apps (app_id);

-- What a member allows an application on an account.
CREATE TABLE oauth_grants (
    account_id BIGINT NOT NULL,
    app_id     BIGINT NOT NULL,
    member_id  BIGINT NOT NULL,
    scopes     BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    given_at   BIGINT NOT NULL,
    PRIMARY KEY (account_id, app_id, member_id)
);
CREATE INDEX oauth_grants_app ON oauth_grants (app_id, created_at);
CREATE INDEX oauth_grants_member ON oauth_grants (member_id, created_at);

-- One code and every token that came of it.
CREATE TABLE oauth_families (
    account_id BIGINT NOT NULL,
    family_id  BIGINT NOT NULL,
    app_id     BIGINT NOT NULL,
    member_id  BIGINT NOT NULL,
    revoked    BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, family_id)
);
CREATE INDEX oauth_families_app ON oauth_families (app_id, member_id);
CREATE INDEX oauth_families_age ON oauth_families (expires_at);

CREATE TABLE oauth_codes (
    account_id BIGINT NOT NULL,
    family_id  BIGINT NOT NULL,
    selector   BIGINT NOT NULL,
    digest     BYTEA NOT NULL,
    redirect   TEXT NOT NULL,
    named      BOOLEAN NOT NULL,
    challenge  BYTEA NOT NULL,
    scopes     BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used       BOOLEAN NOT NULL,
    PRIMARY KEY (account_id, family_id)
);
CREATE UNIQUE INDEX oauth_codes_selector ON oauth_codes (account_id, selector);

-- A refresh token has the number of the access token that was answered with it.
CREATE TABLE oauth_refresh (
    account_id BIGINT NOT NULL,
    family_id  BIGINT NOT NULL,
    token_id   BIGINT NOT NULL,
    selector   BIGINT NOT NULL,
    digest     BYTEA NOT NULL,
    scopes     BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    lost       BOOLEAN NOT NULL,
    arrived    BOOLEAN NOT NULL,
    spent_at   BIGINT,
    next_id    BIGINT,
    PRIMARY KEY (account_id, family_id, token_id)
);
CREATE UNIQUE INDEX oauth_refresh_selector ON oauth_refresh (account_id, selector);
CREATE INDEX oauth_refresh_age ON oauth_refresh (expires_at);
