-- +goose Up
-- The pages of private editions are not public.
ALTER TABLE editions ADD COLUMN private BOOLEAN NOT NULL DEFAULT FALSE;

-- +goose Down
ALTER TABLE editions DROP COLUMN private;
