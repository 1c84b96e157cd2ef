-- +goose Up
-- hash is the SHA-256 of a mailbox in small letters. delivery is the one that
-- led to the suppression, NULL for none.
CREATE TABLE suppressions (
    hash     TEXT PRIMARY KEY,
    reason   TEXT NOT NULL,
    detail   TEXT NOT NULL,
    at       BIGINT NOT NULL,
    delivery BIGINT
);
CREATE INDEX suppressions_at ON suppressions (at);

-- What is remembered of the bounces of a mailbox.
CREATE TABLE bounce_scores (
    hash    TEXT PRIMARY KEY,
    score   DOUBLE PRECISION NOT NULL,
    counted BIGINT NOT NULL
);

-- The messages that were received, so that each counts once.
CREATE TABLE received (
    hash    TEXT PRIMARY KEY,
    at      BIGINT NOT NULL,
    kind    TEXT NOT NULL,
    outcome TEXT NOT NULL
);
CREATE INDEX received_at ON received (at);

-- +goose Down
DROP TABLE received;
DROP TABLE bounce_scores;
DROP TABLE suppressions;
