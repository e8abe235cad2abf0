-- One schema for SQLite and PostgreSQL. Ids are text, times are UTC milliseconds since 1970.
-- {bytes} and {serial} are the only types that the two spell differently.

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- Raw bytes under their SHA-256, in chunks of at most 1 MiB. Written before or together with the
-- letter that names them; `size` is that of all chunks together.
CREATE TABLE raws (
    raw_id TEXT NOT NULL,
    n BIGINT NOT NULL,
    size BIGINT NOT NULL,
    at BIGINT NOT NULL,
    bytes {bytes} NOT NULL,
    PRIMARY KEY (raw_id, n)
);

CREATE TABLE letters (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('routed', 'delivered', 'review', 'quarantined')),
    channel TEXT NOT NULL,
    subject TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    raw_id TEXT NOT NULL,
    size BIGINT NOT NULL,
    mailbox TEXT,
    probability DOUBLE PRECISION
);
CREATE INDEX letters_by_time ON letters (received_at, id);
CREATE INDEX letters_by_state ON letters (state, received_at, id);
CREATE INDEX letters_by_mailbox ON letters (mailbox, received_at, id);

-- Everything decided about a letter, in order; the highest seq is in force. `body` is the
-- decision as JSON, written once and never changed.
CREATE TABLE decisions (
    letter TEXT NOT NULL REFERENCES letters (id) ON DELETE CASCADE,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    at BIGINT NOT NULL,
    who TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (letter, seq)
);

-- What people said about letters: the truth that models are trained on.
CREATE TABLE labels (
    letter TEXT NOT NULL REFERENCES letters (id) ON DELETE CASCADE,
    n BIGINT NOT NULL,
    mailbox TEXT NOT NULL,
    who TEXT NOT NULL,
    at BIGINT NOT NULL,
    source TEXT NOT NULL,
    withdrawn_at BIGINT,
    PRIMARY KEY (letter, n)
);
CREATE INDEX labels_by_time ON labels (at, letter, n) WHERE withdrawn_at IS NULL;

-- Letters on their way out, one row per decision that sends one. `due_at` is when the row may be
-- claimed next: while a worker holds it, that is the end of its lease.
CREATE TABLE outbox (
    letter TEXT NOT NULL,
    seq BIGINT NOT NULL,
    mailbox TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'done', 'failed')),
    attempts BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    last_error TEXT,
    PRIMARY KEY (letter, seq),
    FOREIGN KEY (letter, seq) REFERENCES decisions (letter, seq) ON DELETE CASCADE
);
CREATE INDEX outbox_due ON outbox (due_at, letter) WHERE state = 'pending';

-- What happened to a letter beyond what letters and decisions say themselves.
CREATE TABLE events (
    letter TEXT NOT NULL REFERENCES letters (id) ON DELETE CASCADE,
    n BIGINT NOT NULL,
    at BIGINT NOT NULL,
    what TEXT NOT NULL,
    who TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (letter, n)
);

-- The embedded queue. The bytes lie in `raws`; `lease` is set while a consumer holds the message,
-- and `visible_at` is then the end of its lease.
CREATE TABLE queue (
    n {serial},
    id TEXT NOT NULL,
    raw_id TEXT NOT NULL,
    by_reference BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    returned BIGINT NOT NULL,
    visible_at BIGINT NOT NULL,
    lease BIGINT,
    dead_at BIGINT,
    dead_reason TEXT
);
CREATE INDEX queue_visible ON queue (visible_at, n) WHERE dead_at IS NULL;
CREATE INDEX queue_dead ON queue (dead_at, n) WHERE dead_at IS NOT NULL;
