-- A contact is kept as the JSON that the API answers with; columns are what rows are found and sorted by. The
-- rows are written anew in one go: on both engines that leaves no holes, and the indexes are built sorted.
CREATE TABLE contacts_as_json (
    account_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    username_key TEXT,
    phone        TEXT,
    version      BIGINT NOT NULL,
    name_key     TEXT COLLATE "C" NOT NULL,
    search       TEXT NOT NULL,
    body         TEXT NOT NULL,
    grams        TEXT[] NOT NULL
);
INSERT INTO contacts_as_json (account_id, id, username_key, phone, version, name_key, search, body, grams)
SELECT account_id, id, username_key, phone, version, name_key, search,
    '{"id":' || id || ',"first_name":' || to_json(first_name)::text
        || CASE WHEN last_name IS NULL THEN '' ELSE ',"last_name":' || to_json(last_name)::text END
        || CASE WHEN username IS NULL THEN '' ELSE ',"username":' || to_json(username)::text END
        || CASE WHEN phone IS NULL THEN '' ELSE ',"phone_number":' || to_json(phone)::text END
        || CASE WHEN email IS NULL THEN '' ELSE ',"email":' || to_json(email)::text END
        || CASE WHEN user_id IS NULL THEN '' ELSE ',"user_id":' || user_id END
        || CASE WHEN language IS NULL THEN '' ELSE ',"language_code":' || to_json(language)::text END
        || CASE WHEN is_bot THEN ',"is_bot":true' ELSE '' END
        || CASE WHEN labels IS NULL THEN '' ELSE ',"labels":' || labels END
        || CASE WHEN note IS NULL THEN '' ELSE ',"note":' || to_json(note)::text END
        || CASE WHEN attributes IS NULL THEN '' ELSE ',"attributes":' || attributes END
        || CASE WHEN verified THEN ',"phone_verified":true' ELSE '' END
        || CASE WHEN blocked THEN ',"is_blocked":true' ELSE '' END
        || ',"source":"' || CASE source WHEN 0 THEN 'manual' WHEN 1 THEN 'import' WHEN 2 THEN 'message'
           WHEN 3 THEN 'shared' ELSE 'sync' END
        || '","created_at":' || created_at || ',"updated_at":' || updated_at || '}',
    grams
FROM contacts;
DROP TABLE contacts;
ALTER TABLE contacts_as_json RENAME TO contacts;
CREATE UNIQUE INDEX contacts_id ON contacts (account_id, id);
CREATE UNIQUE INDEX contacts_phone ON contacts (account_id, phone) WHERE phone IS NOT NULL;
CREATE INDEX contacts_username ON contacts (account_id, username_key, id) WHERE username_key IS NOT NULL;
CREATE INDEX contacts_name ON contacts (account_id, name_key, id);
CREATE UNIQUE INDEX contacts_version ON contacts (account_id, version);
CREATE INDEX contacts_grams ON contacts USING gin (grams) WITH (gin_pending_list_limit = 256);
