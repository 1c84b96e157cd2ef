-- +goose Up
-- Times are Unix milliseconds in UTC; lists and trees that no query looks into
-- are JSON, and empty ones are ''. {{id}} is how a database counts ids up,
-- {{key}} an id that another table counted.

CREATE TABLE sources (
    name     TEXT PRIMARY KEY,
    title    TEXT NOT NULL,
    url      TEXT NOT NULL,
    kind     TEXT NOT NULL,
    every    BIGINT NOT NULL,
    settings TEXT NOT NULL,
    position BIGINT NOT NULL,
    active   BOOLEAN NOT NULL
);

CREATE TABLE polls (
    source        TEXT PRIMARY KEY,
    url           TEXT NOT NULL,
    next_at       BIGINT NOT NULL,
    next_reason   TEXT NOT NULL,
    last_at       BIGINT,
    last_ok_at    BIGINT,
    status        BIGINT NOT NULL,
    outcome       TEXT NOT NULL,
    error         TEXT NOT NULL,
    failures      BIGINT NOT NULL,
    etag          BYTEA,
    last_modified BYTEA,
    body_hash     TEXT NOT NULL,
    bytes         BIGINT NOT NULL,
    articles      BIGINT NOT NULL,
    new           BIGINT NOT NULL,
    ttl           BIGINT NOT NULL,
    ttl_reason    TEXT NOT NULL,
    skip          BIGINT NOT NULL,
    date          BYTEA,
    full_at       BIGINT,
    busy          TEXT NOT NULL,
    busy_until    BIGINT,
    identity      BIGINT NOT NULL,
    moved_to      TEXT NOT NULL,
    gone          BOOLEAN NOT NULL,
    gone_since    BIGINT
);
CREATE INDEX polls_next ON polls (next_at);

CREATE TABLE articles (
    id            {{id}},
    key           TEXT NOT NULL UNIQUE,
    public_id     TEXT NOT NULL,
    source        TEXT NOT NULL,
    hash          TEXT NOT NULL,
    first_seen    BIGINT NOT NULL,
    changed       BIGINT,
    published     BIGINT NOT NULL,
    published_raw TEXT NOT NULL,
    inferred      BOOLEAN NOT NULL,
    updated       BIGINT,
    fingerprint   TEXT NOT NULL,
    language      TEXT NOT NULL,
    lang          TEXT NOT NULL,
    guid          TEXT NOT NULL,
    url           TEXT NOT NULL,
    title         TEXT NOT NULL
);
CREATE INDEX articles_order ON articles (first_seen, published);
CREATE INDEX articles_source ON articles (source, first_seen, published);
CREATE INDEX articles_published ON articles (source, published);
CREATE INDEX articles_fingerprint ON articles (fingerprint, id);

-- What is large and not needed to choose articles stands apart, so that
-- choosing reads small rows.
CREATE TABLE article_texts (
    article_id {{key}} REFERENCES articles (id) ON DELETE CASCADE,
    authors    TEXT NOT NULL,
    categories TEXT NOT NULL,
    enclosures TEXT NOT NULL,
    places     TEXT NOT NULL,
    analysis   TEXT NOT NULL,
    summary    TEXT NOT NULL,
    sections   TEXT NOT NULL,
    text       TEXT NOT NULL,
    content    TEXT NOT NULL
);

-- first_seen and published are those of the article, so that the first page of
-- a theme is a walk along one index.
CREATE TABLE filings (
    article_id BIGINT NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    theme      TEXT NOT NULL,
    position   BIGINT NOT NULL,
    score      DOUBLE PRECISION NOT NULL,
    first_seen BIGINT NOT NULL,
    published  BIGINT NOT NULL,
    PRIMARY KEY (article_id, theme)
);
CREATE INDEX filings_theme ON filings (theme, first_seen, published, article_id);

CREATE TABLE figures (
    article_id BIGINT NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    base_unit  TEXT NOT NULL,
    value      DOUBLE PRECISION NOT NULL,
    bound      TEXT NOT NULL
);
CREATE INDEX figures_article ON figures (article_id);
CREATE INDEX figures_value ON figures (value, base_unit, bound, article_id);

CREATE TABLE digests (
    name     TEXT PRIMARY KEY,
    schedule TEXT NOT NULL,
    zone     TEXT NOT NULL,
    next_at  BIGINT,
    position BIGINT NOT NULL,
    active   BOOLEAN NOT NULL
);

CREATE TABLE editions (
    id       {{id}},
    digest   TEXT NOT NULL,
    number   BIGINT NOT NULL,
    at       BIGINT NOT NULL,
    since    BIGINT,
    until    BIGINT,
    created  BIGINT,
    title    TEXT NOT NULL,
    subject  TEXT NOT NULL,
    language TEXT NOT NULL,
    skipped  TEXT NOT NULL,
    sections TEXT NOT NULL,
    text     TEXT NOT NULL,
    html     TEXT NOT NULL,
    UNIQUE (digest, at)
);

CREATE TABLE edition_items (
    edition  BIGINT NOT NULL REFERENCES editions (id) ON DELETE CASCADE,
    digest   TEXT NOT NULL,
    key      TEXT NOT NULL,
    theme    TEXT NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (edition, key)
);
CREATE INDEX edition_items_key ON edition_items (key, digest);

-- next_at is NULL where nothing more will be done.
CREATE TABLE deliveries (
    id           {{id}},
    edition      BIGINT NOT NULL REFERENCES editions (id) ON DELETE CASCADE,
    recipient    TEXT NOT NULL,
    message_id   TEXT NOT NULL,
    state        TEXT NOT NULL,
    attempts     BIGINT NOT NULL,
    next_at      BIGINT,
    owner        TEXT NOT NULL,
    leased_until BIGINT,
    reply        TEXT NOT NULL,
    error        TEXT NOT NULL,
    settled      BIGINT,
    UNIQUE (edition, recipient)
);
CREATE INDEX deliveries_open ON deliveries (edition, next_at) WHERE next_at IS NOT NULL;

-- +goose Down
DROP TABLE deliveries;
DROP TABLE edition_items;
DROP TABLE editions;
DROP TABLE digests;
DROP TABLE figures;
DROP TABLE filings;
DROP TABLE article_texts;
DROP TABLE articles;
DROP TABLE polls;
DROP TABLE sources;
