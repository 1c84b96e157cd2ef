-- +goose Up
-- Stories: articles that tell the same news. key is that of the article that
-- told a story first, lead the id of the one that stands for it; when that is
-- deleted, the one that was seen first among the rest does. A story may be
-- left with one telling; it is shown only while it has more.
CREATE TABLE stories (
    id      {{id}},
    key     TEXT NOT NULL UNIQUE,
    lead    BIGINT NOT NULL,
    changed BIGINT NOT NULL
);

CREATE TABLE tellings (
    article_id {{key}} REFERENCES articles (id) ON DELETE CASCADE,
    story      BIGINT NOT NULL REFERENCES stories (id) ON DELETE CASCADE,
    reason     TEXT NOT NULL
);
CREATE INDEX tellings_story ON tellings (story);

-- What articles can be found by. A code is made of a time and a key, so that
-- articles of one week stand beside each other whatever else is stored; slots
-- bound how many articles are found by one code: of more, the last ones.
CREATE TABLE story_keys (
    code       BIGINT NOT NULL,
    slot       BIGINT NOT NULL,
    article_id BIGINT NOT NULL,
    PRIMARY KEY (code, slot)
){{in key order}};

-- Articles that are new or were changed, and wait to be compared.
CREATE TABLE untold (
    article_id {{key}} REFERENCES articles (id) ON DELETE CASCADE
);
INSERT INTO untold (article_id) SELECT id FROM articles;

-- +goose Down
DROP TABLE untold;
DROP TABLE story_keys;
DROP TABLE tellings;
DROP TABLE stories;
