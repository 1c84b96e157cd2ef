-- +goose Up
-- Editions to many: why large providers would refuse one, '' if they would not,
-- since when, and whether somebody said that it is to be sent all the same.
CREATE TABLE bulk (
    edition {{key}} REFERENCES editions (id) ON DELETE CASCADE,
    reason  TEXT NOT NULL,
    at      BIGINT NOT NULL,
    allowed BOOLEAN NOT NULL DEFAULT FALSE
);

-- +goose Down
DROP TABLE bulk;
