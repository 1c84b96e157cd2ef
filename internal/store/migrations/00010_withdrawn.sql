-- +goose Up
-- What feeds must tell of an article that the operator took back; public_id is
-- '' for what is set aside for another reason, and for what was deleted before.
ALTER TABLE set_aside ADD COLUMN public_id TEXT NOT NULL DEFAULT '';
ALTER TABLE set_aside ADD COLUMN lang TEXT NOT NULL DEFAULT '';
ALTER TABLE set_aside ADD COLUMN themes TEXT NOT NULL DEFAULT '';
CREATE INDEX set_aside_withdrawn ON set_aside (at) WHERE public_id <> '';

-- +goose Down
DROP INDEX set_aside_withdrawn;
ALTER TABLE set_aside DROP COLUMN themes;
ALTER TABLE set_aside DROP COLUMN lang;
ALTER TABLE set_aside DROP COLUMN public_id;
