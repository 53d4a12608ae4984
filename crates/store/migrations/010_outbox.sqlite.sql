-- Waits that upstreams asked for, until when and for what: they outlive a restart.
CREATE TABLE freezes (
    account_id INTEGER NOT NULL,
    scope      TEXT NOT NULL,
    until      INTEGER NOT NULL,
    PRIMARY KEY (account_id, scope)
) WITHOUT ROWID;
-- Sends that go out later. A lane is a chat: its entries go in the order of `starts_at` and their numbers, when they are
-- due. States: 0 queued, 1 sending, 2 sent, 3 failed, 4 unknown, 5 cancelled, 6 blocked, 7 skipped, 8 held.
CREATE TABLE outbox (
    account_id   INTEGER NOT NULL,
    entry_id     INTEGER NOT NULL,
    method       TEXT NOT NULL,
    lane         TEXT NOT NULL,
    params       TEXT NOT NULL,
    scopes       INTEGER NOT NULL,
    state        INTEGER NOT NULL,
    send_at      INTEGER,
    starts_at    INTEGER NOT NULL,
    due          INTEGER NOT NULL,
    tries        INTEGER NOT NULL,
    leased_until INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    result       TEXT,
    error_code   INTEGER,
    error        TEXT,
    broadcast_id INTEGER,
    contact_id   INTEGER,
    PRIMARY KEY (account_id, entry_id)
);
CREATE INDEX outbox_due ON outbox (due, account_id) WHERE state = 0;
CREATE INDEX outbox_lane ON outbox (account_id, lane, starts_at, entry_id) WHERE state < 2;
CREATE INDEX outbox_leased ON outbox (leased_until) WHERE state = 1;
CREATE INDEX outbox_unknown ON outbox (account_id, lane) WHERE state = 4;
CREATE INDEX outbox_age ON outbox (updated_at) WHERE state > 1;
CREATE INDEX outbox_broadcast ON outbox (account_id, broadcast_id, state, entry_id) WHERE broadcast_id IS NOT NULL;
-- One message to many contacts. Entries of the outbox are made of it in batches; `reached` is the last contact that has
-- one. States: 0 running, 1 paused, 2 cancelled, 3 all made.
CREATE TABLE broadcasts (
    account_id   INTEGER NOT NULL,
    broadcast_id INTEGER NOT NULL,
    method       TEXT NOT NULL,
    params       TEXT NOT NULL,
    selection    TEXT NOT NULL,
    scopes       INTEGER NOT NULL,
    state        INTEGER NOT NULL,
    total        INTEGER NOT NULL,
    made         INTEGER NOT NULL,
    reached      TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    PRIMARY KEY (account_id, broadcast_id)
);
CREATE INDEX broadcasts_open ON broadcasts (account_id, broadcast_id) WHERE state = 0;
