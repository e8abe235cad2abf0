-- Who else than people with a password comes to the desk.

-- Programs, by the SHA-256 of their token: a copy of the database opens nothing.
CREATE TABLE desk_integrations (
    name TEXT PRIMARY KEY,
    token TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    until BIGINT NOT NULL,
    disabled_at BIGINT
);

-- People who sign in elsewhere: who says so, whom it means, and their account here.
CREATE TABLE desk_identities (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    name TEXT NOT NULL UNIQUE REFERENCES desk_users (name) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);
