-- +goose Up
-- tell is the mailbox that wants to be told what an editor decides, '' for
-- nobody; told is when that was done, tell_fault why it was not.
ALTER TABLE inbox ADD COLUMN tell TEXT NOT NULL DEFAULT '';
ALTER TABLE inbox ADD COLUMN told BIGINT;
ALTER TABLE inbox ADD COLUMN tell_fault TEXT NOT NULL DEFAULT '';
CREATE INDEX inbox_tell ON inbox (tell) WHERE tell <> '' AND told IS NULL;

-- +goose Down
DROP INDEX inbox_tell;
ALTER TABLE inbox DROP COLUMN tell_fault;
ALTER TABLE inbox DROP COLUMN told;
ALTER TABLE inbox DROP COLUMN tell;
