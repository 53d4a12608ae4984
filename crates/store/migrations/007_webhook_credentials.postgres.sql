-- The credential that set a webhook, which ends with it. Of an application that is what its tokens come of: they
-- themselves live for an hour.
ALTER TABLE webhooks ADD COLUMN token_id BIGINT;
ALTER TABLE webhooks ADD COLUMN app_id BIGINT;
ALTER TABLE webhooks ADD COLUMN family_id BIGINT;
