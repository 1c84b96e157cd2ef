-- +goose Up
-- The words of articles, cut by words.go; rowid is the article's id. The
-- vectors find candidates. A phrase is then looked for in the words as they
-- follow each other, because vectors keep neither more than 256 positions of a
-- word nor any position past 16383.
CREATE TABLE article_words (
    rowid         BIGINT PRIMARY KEY REFERENCES articles (id) ON DELETE CASCADE,
    title         TEXT NOT NULL,
    body          TEXT NOT NULL,
    places        TEXT NOT NULL,
    authors       TEXT NOT NULL,
    title_index   TSVECTOR NOT NULL,
    body_index    TSVECTOR NOT NULL,
    places_index  TSVECTOR NOT NULL,
    authors_index TSVECTOR NOT NULL
);
CREATE INDEX article_words_title ON article_words USING gin (title_index);
CREATE INDEX article_words_body ON article_words USING gin (body_index);
CREATE INDEX article_words_places ON article_words USING gin (places_index);
CREATE INDEX article_words_authors ON article_words USING gin (authors_index);

-- +goose Down
DROP TABLE article_words;
