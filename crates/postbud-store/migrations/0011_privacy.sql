-- Whose data is here, how long it stays, and who looked.

-- Which letters are about whom. A person is the keyed hash of a CPR number; the key is not in this
-- database, so that the table lists no people.
CREATE TABLE person_letters (
    person TEXT NOT NULL,
    letter TEXT NOT NULL REFERENCES letters (id) ON DELETE CASCADE,
    PRIMARY KEY (person, letter)
);
CREATE INDEX person_letters_by_letter ON person_letters (letter);

-- Letters in which people have been looked for.
CREATE TABLE person_indexed (
    letter TEXT PRIMARY KEY REFERENCES letters (id) ON DELETE CASCADE,
    at BIGINT NOT NULL
);

-- People about whom nothing is decided automatically.
CREATE TABLE person_restrictions (
    person TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    who TEXT NOT NULL
);

-- Every run of the retention, one row a purpose.
CREATE TABLE retention_runs (
    n {serial},
    at BIGINT NOT NULL,
    purpose TEXT NOT NULL,
    older_than BIGINT NOT NULL,
    gone BIGINT NOT NULL
);
CREATE INDEX retention_runs_by_purpose ON retention_runs (purpose, n);

-- The access log as a chain: each row's hash covers the one before, so that a row that is missing
-- or changed shows. Rows from before this migration are not part of it.
ALTER TABLE desk_access ADD COLUMN seq BIGINT;
ALTER TABLE desk_access ADD COLUMN chain TEXT;
CREATE UNIQUE INDEX desk_access_by_seq ON desk_access (seq) WHERE seq IS NOT NULL;

-- Where the chain begins (what the retention took away lies before it) and where it ends.
CREATE TABLE audit_chain (
    n BIGINT PRIMARY KEY CHECK (n = 1),
    first_seq BIGINT NOT NULL,
    before_first TEXT NOT NULL,
    last_seq BIGINT NOT NULL,
    last TEXT NOT NULL
);
INSERT INTO audit_chain (n, first_seq, before_first, last_seq, last) VALUES (1, 1, '', 0, '');
