-- +goose Up
-- rhythm is how often and when a subscriber wants mail, in one text so that
-- equal ones are found together, '' for every edition at once. paused_until is
-- a day, as in 2026-12-24.
ALTER TABLE subscribers ADD COLUMN rhythm TEXT NOT NULL DEFAULT '';
ALTER TABLE subscribers ADD COLUMN paused_until TEXT NOT NULL DEFAULT '';

-- The last edition that was for a subscriber who does not get every one; NULL
-- for those who do, and for new ones.
ALTER TABLE subscriptions ADD COLUMN since BIGINT;

-- A variant may tell the news since an edition, and only what is important.
ALTER TABLE variants ADD COLUMN since BIGINT NOT NULL DEFAULT 0;
ALTER TABLE variants ADD COLUMN important BOOLEAN NOT NULL DEFAULT FALSE;

-- Whether the edition itself tells the item, and not just a variant.
ALTER TABLE edition_items ADD COLUMN everybody BOOLEAN NOT NULL DEFAULT TRUE;

-- What variants told that the edition itself did not, by what their selections
-- choose.
CREATE TABLE told (
    digest  TEXT NOT NULL,
    key     TEXT NOT NULL,
    wish    TEXT NOT NULL,
    edition BIGINT NOT NULL REFERENCES editions (id) ON DELETE CASCADE,
    PRIMARY KEY (digest, key, wish)
);
CREATE INDEX told_edition ON told (edition);

-- Why an edition that is due cannot be made, since when, and when to try again.
ALTER TABLE digests ADD COLUMN held TEXT NOT NULL DEFAULT '';
ALTER TABLE digests ADD COLUMN held_at BIGINT;
ALTER TABLE digests ADD COLUMN retry_at BIGINT;

-- +goose Down
ALTER TABLE digests DROP COLUMN retry_at;
ALTER TABLE digests DROP COLUMN held_at;
ALTER TABLE digests DROP COLUMN held;
DROP TABLE told;
ALTER TABLE edition_items DROP COLUMN everybody;
ALTER TABLE variants DROP COLUMN important;
ALTER TABLE variants DROP COLUMN since;
ALTER TABLE subscriptions DROP COLUMN since;
ALTER TABLE subscribers DROP COLUMN paused_until;
ALTER TABLE subscribers DROP COLUMN rhythm;
