-- +goose Up
-- When the newest of 1,024 articles that follow each other was first seen.
CREATE TABLE article_blocks (
    block  INTEGER PRIMARY KEY, -- id / 1024
    newest BIGINT NOT NULL
);
INSERT INTO article_blocks (block, newest)
SELECT id / 1024, max(first_seen)
FROM articles
GROUP BY id / 1024;

-- +goose Down
DROP TABLE article_blocks;
