-- +goose Up
-- The final account of an edition: how many of its deliveries are in each
-- state, as JSON; '' when it has to be counted. resent counts how often what
-- was missing was sent after all, which reopens the account.
CREATE TABLE tallies (
    edition {{key}} REFERENCES editions (id) ON DELETE CASCADE,
    resent  BIGINT NOT NULL,
    counts  TEXT NOT NULL
);

-- Since when an operator holds the editions of a digest; NULL when nobody does.
ALTER TABLE digests ADD COLUMN on_hold BIGINT;

-- +goose Down
ALTER TABLE digests DROP COLUMN on_hold;
DROP TABLE tallies;
