-- Credentials with less than everything. No scopes are all of them, and no view shows all contacts.
ALTER TABLE tokens ADD COLUMN kind INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tokens ADD COLUMN scopes INTEGER;
ALTER TABLE tokens ADD COLUMN view_id INTEGER;
ALTER TABLE tokens ADD COLUMN last_used_at INTEGER;
-- Numbers of credentials are given once: what is kept about one is never taken for another's.
ALTER TABLE counters ADD COLUMN token_id INTEGER NOT NULL DEFAULT 0;
UPDATE counters SET token_id =
    (SELECT coalesce(max(t.token_id), 0) FROM tokens t WHERE t.account_id = counters.account_id);
-- Whose scopes a method call in a webhook's reply has.
ALTER TABLE webhooks ADD COLUMN scopes INTEGER;
-- The contacts that a narrowed credential sees: those with a label, and single ones. A row is one or the other, and
-- has '' or 0 in the other's place.
CREATE TABLE views (
    account_id INTEGER NOT NULL,
    view_id    INTEGER NOT NULL,
    label      TEXT NOT NULL,
    contact_id INTEGER NOT NULL,
    PRIMARY KEY (account_id, view_id, label, contact_id)
) WITHOUT ROWID;
-- What sync tokens of views by label are told: who lost a label, or was removed with it.
CREATE TABLE contact_label_tombstones (
    account_id INTEGER NOT NULL,
    label      TEXT NOT NULL,
    id         INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    deleted_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, label, id)
) WITHOUT ROWID;
CREATE INDEX contact_label_tombstones_age ON contact_label_tombstones (deleted_at);
