-- When the next letter may go to a mailbox whose target must be spared: shared by all workers.
CREATE TABLE pace (
    mailbox TEXT PRIMARY KEY,
    next_at BIGINT NOT NULL
);
