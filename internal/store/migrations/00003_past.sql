-- +goose Up
-- The contract of a source, learnt from its last documents, and what of it is
-- broken; the alternate identity of articles (0 in none is NULL).
ALTER TABLE polls ADD COLUMN shapes TEXT NOT NULL DEFAULT '';
ALTER TABLE polls ADD COLUMN drift TEXT NOT NULL DEFAULT '';
ALTER TABLE polls ADD COLUMN held BIGINT NOT NULL DEFAULT 0;
ALTER TABLE polls ADD COLUMN accepted BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE polls ADD COLUMN fault_since BIGINT;

ALTER TABLE articles ADD COLUMN alternate BIGINT;
CREATE INDEX articles_alternate ON articles (alternate) WHERE alternate IS NOT NULL;

-- Articles that are not stored and do not come in: why is 'deleted' or 'held'.
CREATE TABLE set_aside (
    key       TEXT PRIMARY KEY,
    source    TEXT NOT NULL,
    alternate BIGINT,
    why       TEXT NOT NULL,
    at        BIGINT NOT NULL
);
CREATE INDEX set_aside_source ON set_aside (source, why);
CREATE INDEX set_aside_alternate ON set_aside (alternate) WHERE alternate IS NOT NULL;

-- What servers answered last; body is compressed with zstd.
CREATE TABLE answers (
    id       {{id}},
    source   TEXT NOT NULL,
    at       BIGINT NOT NULL,
    status   BIGINT NOT NULL,
    url      TEXT NOT NULL,
    header   BYTEA NOT NULL,
    body     BYTEA NOT NULL,
    articles BIGINT NOT NULL,
    new      BIGINT NOT NULL,
    fault    TEXT NOT NULL
);
CREATE INDEX answers_source ON answers (source, id);

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- +goose Down
DROP TABLE settings;
DROP TABLE answers;
DROP TABLE set_aside;
DROP INDEX articles_alternate;
ALTER TABLE articles DROP COLUMN alternate;
ALTER TABLE polls DROP COLUMN fault_since;
ALTER TABLE polls DROP COLUMN accepted;
ALTER TABLE polls DROP COLUMN held;
ALTER TABLE polls DROP COLUMN drift;
ALTER TABLE polls DROP COLUMN shapes;
