-- How an upstream's updates come. With `webhook` (an encrypted secret) it posts them, and `upstream_received` holds the
-- numbers that came so: they need not come in order. `further_kinds` are names of kinds that nobody here knows and
-- somebody asked for. `poller` is the process that polls, until `polled_until`.
ALTER TABLE upstreams ADD COLUMN webhook BLOB;
ALTER TABLE upstreams ADD COLUMN further_kinds TEXT NOT NULL DEFAULT '';
ALTER TABLE upstreams ADD COLUMN poller INTEGER NOT NULL DEFAULT 0;
ALTER TABLE upstreams ADD COLUMN polled_until INTEGER NOT NULL DEFAULT 0;
CREATE TABLE upstream_received (
    account_id  INTEGER NOT NULL,
    number      INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, number)
) WITHOUT ROWID;
CREATE INDEX upstream_received_at ON upstream_received (received_at);
-- The usual set of kinds takes in those that nobody here knows (bit 28).
UPDATE consumers SET allowed = allowed + 268435456 WHERE allowed = 33353727;
UPDATE consumers SET also = also + 268435456 WHERE name = '' AND EXISTS (
    SELECT 1 FROM consumers c
    WHERE c.account_id = consumers.account_id AND c.name > '' AND c.allowed = 301789183
);
-- Bots that live elsewhere (4): nobody here may write to them.
UPDATE users SET kind = 4 WHERE id IN (SELECT account_id FROM upstreams);
