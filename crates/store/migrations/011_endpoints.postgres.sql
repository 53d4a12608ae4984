-- Webhooks beside Telegram's own. What they have in common with it is in `webhooks`, under the name `#` and the number;
-- where they stand is in `consumers`. The secrets are encrypted with a key that is not in here.
CREATE TABLE endpoints (
    account_id       BIGINT NOT NULL,
    webhook_id       BIGINT NOT NULL,
    description      TEXT,
    chats            TEXT NOT NULL,
    labels           TEXT NOT NULL,
    max_attempts     BIGINT NOT NULL,
    paused           BOOLEAN NOT NULL,
    secret           BYTEA NOT NULL,
    old_secret       BYTEA,
    old_secret_until BIGINT,
    created_at       BIGINT NOT NULL,
    PRIMARY KEY (account_id, webhook_id)
);
-- Tries to deliver, the newest of each endpoint.
CREATE TABLE deliveries (
    account_id  BIGINT NOT NULL,
    webhook_id  BIGINT NOT NULL,
    seq         BIGINT NOT NULL,
    update_id   BIGINT NOT NULL,
    attempt     BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    status      BIGINT NOT NULL,
    http_status BIGINT,
    error       TEXT,
    duration_ms BIGINT NOT NULL,
    PRIMARY KEY (account_id, webhook_id, seq)
);
-- Updates that were given up.
CREATE TABLE dead_letters (
    account_id  BIGINT NOT NULL,
    webhook_id  BIGINT NOT NULL,
    update_id   BIGINT NOT NULL,
    attempts    BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    http_status BIGINT,
    error       TEXT,
    PRIMARY KEY (account_id, webhook_id, update_id)
);
CREATE INDEX dead_letters_at ON dead_letters (at);
-- Updates that are to be delivered again, in the order in which that was asked for.
CREATE TABLE replays (
    account_id BIGINT NOT NULL,
    webhook_id BIGINT NOT NULL,
    seq        BIGINT NOT NULL,
    update_id  BIGINT NOT NULL,
    PRIMARY KEY (account_id, webhook_id, seq)
);
