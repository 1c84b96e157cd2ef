-- +goose Up
-- The pages of articles, where a source wants them fetched as well. next_at is
-- NULL where nothing more is fetched; hash is that of the article which content
-- was put into, '' when it was put into none.
ALTER TABLE sources ADD COLUMN full_text BOOLEAN NOT NULL DEFAULT FALSE;

CREATE TABLE pages (
    key      TEXT PRIMARY KEY REFERENCES articles (key) ON DELETE CASCADE ON UPDATE CASCADE,
    source   TEXT NOT NULL,
    url      TEXT NOT NULL,
    tries    BIGINT NOT NULL,
    next_at  BIGINT,
    error    TEXT NOT NULL,
    hash     TEXT NOT NULL,
    text     TEXT NOT NULL,
    content  TEXT NOT NULL,
    sections TEXT NOT NULL
);
CREATE INDEX pages_url ON pages (url);

-- Subscriptions to hubs. token ends the address that a hub calls.
CREATE TABLE websub (
    token       TEXT PRIMARY KEY,
    source      TEXT NOT NULL,
    topic       TEXT NOT NULL,
    hub         TEXT NOT NULL,
    secret      TEXT NOT NULL,
    state       TEXT NOT NULL,
    lease_until BIGINT,
    next_at     BIGINT NOT NULL,
    last_push   BIGINT,
    failures    BIGINT NOT NULL,
    error       TEXT NOT NULL
);
CREATE INDEX websub_source ON websub (source);

-- +goose Down
DROP TABLE websub;
DROP TABLE pages;
ALTER TABLE sources DROP COLUMN full_text;
