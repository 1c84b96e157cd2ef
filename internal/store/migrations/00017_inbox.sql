-- +goose Up
-- What visitors send. content is JSON, as its kind says; sum stands for who
-- sent what, so that what is sent twice is one; ticket is that of the form,
-- which is good for one submission. result is the key of the
-- article, or the name of the source, that was made of it.
CREATE TABLE inbox (
    id         {{id}},
    kind       TEXT NOT NULL,
    sum        TEXT NOT NULL,
    ticket     TEXT UNIQUE,
    at         BIGINT NOT NULL,
    address    TEXT NOT NULL,
    locale     TEXT NOT NULL,
    state      TEXT NOT NULL,
    word       TEXT NOT NULL,
    result     TEXT NOT NULL,
    settled    BIGINT,
    mailed     BIGINT,
    mail_fault TEXT NOT NULL,
    content    TEXT NOT NULL
);
CREATE INDEX inbox_kind ON inbox (kind, id);
CREATE INDEX inbox_sum ON inbox (sum);
CREATE INDEX inbox_open ON inbox (kind) WHERE settled IS NULL;

-- When a mailbox got the last receipt, so that nobody can have it flooded.
CREATE TABLE receipts (
    mailbox TEXT PRIMARY KEY,
    at      BIGINT NOT NULL
);

-- Sources that were accepted in the admin pages and are in no file.
CREATE TABLE added_sources (
    name   TEXT PRIMARY KEY,
    source TEXT NOT NULL,
    at     BIGINT NOT NULL
);

-- +goose Down
DROP TABLE added_sources;
DROP TABLE receipts;
DROP TABLE inbox;
