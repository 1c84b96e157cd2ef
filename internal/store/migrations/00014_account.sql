-- +goose Up
-- An edition that is not to be delivered, and why.
CREATE TABLE halts (
    edition {{key}} REFERENCES editions (id) ON DELETE CASCADE,
    reason  TEXT NOT NULL,
    at      BIGINT NOT NULL
);

-- How many messages were accepted in a minute, counted from 1970.
CREATE TABLE sent (
    minute   BIGINT NOT NULL,
    edition  BIGINT NOT NULL REFERENCES editions (id) ON DELETE CASCADE,
    messages BIGINT NOT NULL,
    PRIMARY KEY (minute, edition)
);
CREATE INDEX sent_edition ON sent (edition);

-- What is being sent stands in a journal beside the database now.
UPDATE deliveries
SET state = CASE WHEN state = 'sending' THEN 'uncertain' WHEN attempts > 0 THEN 'deferred' ELSE 'planned' END,
    attempts = CASE state WHEN 'sending' THEN attempts + 1 ELSE attempts END,
    error = CASE state WHEN 'sending' THEN 'interrupted while it was being sent; it may have arrived' ELSE error END,
    owner = '', leased_until = NULL
WHERE state IN ('leased', 'sending');
CREATE INDEX deliveries_leased ON deliveries (leased_until) WHERE leased_until IS NOT NULL;

-- +goose Down
DROP INDEX deliveries_leased;
DROP TABLE sent;
DROP TABLE halts;
