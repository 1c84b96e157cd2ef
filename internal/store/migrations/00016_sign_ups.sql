-- +goose Up
-- Fixed recipients who took themselves off a digest, by mailer.FixedID; digest
-- is '' for every one.
CREATE TABLE optouts (
    recipient BIGINT NOT NULL,
    digest    TEXT NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (recipient, digest)
);

-- What people agreed to, word by word; version is a hash of it.
CREATE TABLE consent_texts (
    version TEXT PRIMARY KEY,
    wording TEXT NOT NULL
);

-- Who asked to subscribe. wishes is the subscriber to be as JSON, network a
-- hash. outcome says why no mail went out, '' where one did or will.
CREATE TABLE sign_ups (
    id           {{id}},
    ticket       TEXT NOT NULL UNIQUE,
    mailbox      TEXT NOT NULL,
    domain       TEXT NOT NULL,
    network      TEXT NOT NULL,
    at           BIGINT NOT NULL,
    consent      TEXT NOT NULL,
    language     TEXT NOT NULL,
    wishes       TEXT NOT NULL,
    sent_at      BIGINT,
    confirmed_at BIGINT,
    outcome      TEXT NOT NULL
);
CREATE INDEX sign_ups_at ON sign_ups (at);
CREATE INDEX sign_ups_mailbox ON sign_ups (mailbox);

-- The tokens in confirmation mails, by their SHA-256. A mail that was tried
-- twice has two.
CREATE TABLE sign_up_tokens (
    hash    TEXT PRIMARY KEY,
    sign_up BIGINT NOT NULL REFERENCES sign_ups (id) ON DELETE CASCADE,
    expires BIGINT NOT NULL
);
CREATE INDEX sign_up_tokens_sign_up ON sign_up_tokens (sign_up);

-- Which sign-up a mailbox got its last mail for.
CREATE TABLE sign_up_turns (
    mailbox TEXT PRIMARY KEY,
    sign_up BIGINT NOT NULL,
    at      BIGINT NOT NULL
);

-- The proof that a subscriber wanted to be one. It goes with the subscriber.
CREATE TABLE consents (
    id             {{id}},
    subscriber     BIGINT NOT NULL REFERENCES subscribers (id) ON DELETE CASCADE,
    consent        TEXT NOT NULL,
    asked_at       BIGINT NOT NULL,
    asked_from     TEXT NOT NULL,
    confirmed_at   BIGINT NOT NULL,
    confirmed_from TEXT NOT NULL
);
CREATE INDEX consents_subscriber ON consents (subscriber);

-- +goose Down
DROP TABLE consents;
DROP TABLE sign_up_turns;
DROP TABLE sign_up_tokens;
DROP TABLE sign_ups;
DROP TABLE consent_texts;
DROP TABLE optouts;
