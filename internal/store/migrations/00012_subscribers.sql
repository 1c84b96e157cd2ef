-- +goose Up
-- mailbox is the address in small letters: one row for each mailbox. themes,
-- query, language and format are the selection; selection is all of them in
-- one text, so that equal ones are found together.
CREATE TABLE subscribers (
    id        {{id}},
    mailbox   TEXT NOT NULL UNIQUE,
    email     TEXT NOT NULL,
    name      TEXT NOT NULL,
    status    TEXT NOT NULL,
    feed_key  BIGINT NOT NULL,
    selection TEXT NOT NULL
);

CREATE TABLE subscriptions (
    digest     TEXT NOT NULL,
    subscriber BIGINT NOT NULL REFERENCES subscribers (id) ON DELETE CASCADE,
    PRIMARY KEY (digest, subscriber)
);
CREATE INDEX subscriptions_subscriber ON subscriptions (subscriber);

-- An edition as the subscribers with one selection get it.
CREATE TABLE variants (
    id        {{id}},
    edition   BIGINT NOT NULL REFERENCES editions (id) ON DELETE CASCADE,
    selection TEXT NOT NULL,
    subject   TEXT NOT NULL,
    language  TEXT NOT NULL,
    sections  TEXT NOT NULL,
    text      TEXT NOT NULL,
    html      TEXT NOT NULL,
    empty     TEXT NOT NULL
);
CREATE INDEX variants_edition ON variants (edition);

-- subscriber is NULL for fixed recipients, variant for the edition itself.
ALTER TABLE deliveries ADD COLUMN subscriber BIGINT;
ALTER TABLE deliveries ADD COLUMN variant BIGINT;
CREATE INDEX deliveries_subscriber ON deliveries (subscriber) WHERE subscriber IS NOT NULL;

-- +goose Down
DROP INDEX deliveries_subscriber;
ALTER TABLE deliveries DROP COLUMN variant;
ALTER TABLE deliveries DROP COLUMN subscriber;
DROP TABLE variants;
DROP TABLE subscriptions;
DROP TABLE subscribers;
