-- What people say about letters, so that nothing else can get in: every label has a source, and
-- none of the sources is the model. A table made anew, since SQLite adds no CHECK to one that is
-- there. What earlier versions marked as withdrawn had been corrected: the newer row holds anyway.
CREATE TABLE labels_by_people (
    letter TEXT NOT NULL REFERENCES letters (id) ON DELETE CASCADE,
    n BIGINT NOT NULL CHECK (n > 0),
    mailbox TEXT NOT NULL,
    who TEXT NOT NULL CHECK (TRIM(who) <> '' AND LOWER(TRIM(who)) <> 'postbud'),
    at BIGINT NOT NULL,
    source TEXT NOT NULL
        CHECK (source IN ('desk', 'terminal', 'blind-sample', 'returned', 'imported')),
    withdrawn_at BIGINT,
    withdrawn_by TEXT,
    withdrawn_why TEXT,
    PRIMARY KEY (letter, n),
    -- A withdrawal has who and why, or it is none.
    CHECK ((withdrawn_at IS NULL) = (withdrawn_by IS NULL)),
    CHECK ((withdrawn_at IS NULL) = (withdrawn_why IS NULL))
);
INSERT INTO labels_by_people (letter, n, mailbox, who, at, source)
SELECT letter, n, mailbox,
       CASE WHEN TRIM(who) = '' OR LOWER(TRIM(who)) = 'postbud' THEN 'terminal' ELSE who END,
       at, 'terminal'
FROM labels;
DROP TABLE labels;
ALTER TABLE labels_by_people RENAME TO labels;
CREATE INDEX labels_by_time ON labels (at, letter, n);

-- That a letter was erased: its id and nothing of what it held, so that an import or a base file
-- does not bring it back into the next model.
CREATE TABLE erasures (
    letter TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    who TEXT NOT NULL
);

-- Every retraining and what came of it.
CREATE TABLE retrains (
    id TEXT PRIMARY KEY,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    outcome TEXT NOT NULL CHECK (outcome IN ('running', 'unchanged', 'too-few', 'version',
        'promoted', 'failed', 'out-of-memory', 'out-of-time')),
    who TEXT NOT NULL,
    version TEXT,
    figures TEXT,
    detail TEXT NOT NULL
);
CREATE INDEX retrains_by_time ON retrains (started_at, id);

-- Who may retrain now: one row at most, over all machines that share this store.
CREATE TABLE retrain_lease (
    n BIGINT PRIMARY KEY CHECK (n = 1),
    holder TEXT NOT NULL,
    until BIGINT NOT NULL
);
