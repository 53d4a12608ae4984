-- Further consumers of the log. `also` is what they all ask for, on the row of the default one, which every write that
-- logs something reads anyway. An update that only they asked for stands aside: the default consumer never sees it.
ALTER TABLE consumers ADD COLUMN also BIGINT NOT NULL DEFAULT 0;
ALTER TABLE updates ADD COLUMN aside BOOLEAN NOT NULL DEFAULT FALSE;
