-- What the desk keeps beside letters, decisions and labels.

-- 1 for a letter that may belong to a mailbox that must not miss one: first in line.
ALTER TABLE letters ADD COLUMN urgent BIGINT NOT NULL DEFAULT 0;
UPDATE letters SET urgent = 1 WHERE EXISTS (
    SELECT 1 FROM decisions AS d WHERE d.letter = letters.id AND d.seq = 1
      AND d.body LIKE '%"doubt":"must-not-miss"%');
CREATE INDEX letters_waiting ON letters (urgent DESC, received_at, id) WHERE state = 'review';

-- Who has a letter open, and until when that counts.
CREATE TABLE desk_claims (
    letter TEXT PRIMARY KEY REFERENCES letters (id) ON DELETE CASCADE,
    who TEXT NOT NULL,
    until BIGINT NOT NULL
);

-- Decisions made at the desk. Until `undo_until` nothing is sent, and the person can take it back:
-- `state` and `mailbox` are the letter's from before, `label` the number of the label written.
CREATE TABLE desk_decisions (
    letter TEXT NOT NULL REFERENCES letters (id) ON DELETE CASCADE,
    seq BIGINT NOT NULL,
    who TEXT NOT NULL,
    at BIGINT NOT NULL,
    undo_until BIGINT NOT NULL,
    state TEXT NOT NULL,
    mailbox TEXT,
    label BIGINT NOT NULL,
    undone_at BIGINT,
    PRIMARY KEY (letter, seq)
);
CREATE INDEX desk_decisions_by_who ON desk_decisions (who, at);

CREATE TABLE desk_notes (
    n {serial},
    letter TEXT NOT NULL REFERENCES letters (id) ON DELETE CASCADE,
    at BIGINT NOT NULL,
    who TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX desk_notes_by_letter ON desk_notes (letter, n);

-- Who saw what, and why. Outlives the letter.
CREATE TABLE desk_access (
    n {serial},
    at BIGINT NOT NULL,
    who TEXT NOT NULL,
    letter TEXT NOT NULL,
    why TEXT NOT NULL
);
CREATE INDEX desk_access_by_letter ON desk_access (letter, n);

CREATE TABLE desk_users (
    name TEXT PRIMARY KEY,
    role TEXT NOT NULL CHECK (role IN ('clerk', 'owner', 'auditor')),
    -- argon2id, as a PHC string.
    password TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT,
    failures BIGINT NOT NULL DEFAULT 0,
    locked_until BIGINT NOT NULL DEFAULT 0
);

-- The SHA-256 of the cookie, so that a copy of the database opens no session.
CREATE TABLE desk_sessions (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL REFERENCES desk_users (name) ON DELETE CASCADE,
    csrf TEXT NOT NULL,
    until BIGINT NOT NULL
);

-- Every use of a switch for automatic routing; the last one of a mailbox counts. '' stands for
-- everything. `asked`: one person wants it on again; a second one has to confirm it.
CREATE TABLE desk_switches (
    n {serial},
    mailbox TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('off', 'asked', 'on')),
    who TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX desk_switches_by_mailbox ON desk_switches (mailbox, n);
