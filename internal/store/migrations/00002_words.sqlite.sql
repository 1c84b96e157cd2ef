-- +goose Up
-- The words of articles, cut by words.go; rowid is the article's id. The
-- tokenizer "ascii" takes every character beyond ASCII for a part of a token
-- and so leaves the cutting to us. The larger hash makes big batches cheap.
CREATE VIRTUAL TABLE article_words USING fts5 (
    title, body, places, authors,
    content = '', contentless_delete = 1, tokenize = 'ascii'
);
INSERT INTO article_words (article_words, rank) VALUES ('hashsize', 16777216);

-- +goose Down
DROP TABLE article_words;
