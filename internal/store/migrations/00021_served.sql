-- +goose Up
-- As what feeds were sent last, so that Last-Modified does not go back. saved is
-- when that was noted.
CREATE TABLE served (
    feed     TEXT PRIMARY KEY,
    etag     TEXT NOT NULL,
    modified BIGINT NOT NULL,
    saved    BIGINT NOT NULL
);
CREATE INDEX served_saved ON served (saved);

-- +goose Down
DROP TABLE served;
