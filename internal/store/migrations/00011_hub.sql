-- +goose Up
-- What changes whenever articles do, so that nobody need look at them to know
-- that they are as they were. Writers add to one slot of sixteen and do not
-- wait for each other; the sum counts. Slot -1 is what the hub has seen of it.
CREATE TABLE changes (
    slot {{key}},
    n    BIGINT NOT NULL
);
INSERT INTO changes (slot, n) VALUES (-1, 0), (0, 1), (1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (6, 0), (7, 0), (8, 0),
    (9, 0), (10, 0), (11, 0), (12, 0), (13, 0), (14, 0), (15, 0);

-- Those to whom our own hub pushes a feed. lease_until is NULL until they have
-- confirmed; the columns that begin with asked_ hold what they were not asked
-- back about yet, asked_mode being '' when that is nothing. ask_at and next_at
-- are when they are asked back and pushed to, NULL for not at all; round counts
-- the changes of the feed that were noticed for them.
CREATE TABLE followers (
    id           {{id}},
    topic        TEXT NOT NULL,
    callback     TEXT NOT NULL,
    host         TEXT NOT NULL,
    secret       TEXT NOT NULL,
    lease_until  BIGINT,
    etag         TEXT NOT NULL,
    round        BIGINT NOT NULL,
    next_at      BIGINT,
    pushed_at    BIGINT,
    failures     BIGINT NOT NULL,
    error        TEXT NOT NULL,
    asked_mode   TEXT NOT NULL,
    asked_secret TEXT NOT NULL,
    asked_lease  BIGINT NOT NULL,
    asked_tries  BIGINT NOT NULL,
    ask_at       BIGINT,
    asked_back   BIGINT,
    UNIQUE (callback, topic)
);
CREATE INDEX followers_host ON followers (host);
CREATE INDEX followers_topic ON followers (topic, etag);
CREATE INDEX followers_next ON followers (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX followers_ask ON followers (ask_at) WHERE ask_at IS NOT NULL;

-- +goose Down
DROP TABLE followers;
DROP TABLE changes;
