-- +goose Up
-- What editors said articles belong under; themes is '' for none. The analysis
-- of an article stays what the classifier made of it: readers of both put the
-- two together.
CREATE TABLE corrections (
    key    TEXT PRIMARY KEY REFERENCES articles (key) ON DELETE CASCADE ON UPDATE CASCADE,
    themes TEXT NOT NULL,
    at     BIGINT NOT NULL
);

-- What operators did.
CREATE TABLE deeds (
    id     {{id}},
    at     BIGINT NOT NULL,
    who    TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    detail TEXT NOT NULL
);

-- Who may open the admin pages: signed-in browsers, and links that sign one in
-- once (kind is 'session' or 'link'). Of what they show, only a hash is kept.
-- credential stands for the password that was in force.
CREATE TABLE sessions (
    hash       TEXT PRIMARY KEY,
    kind       TEXT NOT NULL,
    credential TEXT NOT NULL,
    used       BIGINT NOT NULL,
    expires    BIGINT NOT NULL
);

-- +goose Down
DROP TABLE sessions;
DROP TABLE deeds;
DROP TABLE corrections;
