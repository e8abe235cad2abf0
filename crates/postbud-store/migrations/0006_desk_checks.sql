-- Second looks, letters sent back, letters to several mailboxes, and why letters wait.

-- Why a letter waits, what stood in the way first; and its language where it was noticed.
ALTER TABLE letters ADD COLUMN waits_for TEXT;
ALTER TABLE letters ADD COLUMN language TEXT;
UPDATE letters SET waits_for = (
    SELECT CASE
        WHEN d.body LIKE '%"doubt":"rule"%' THEN 'rule'
        WHEN d.body LIKE '%"doubt":"rule-held"%' THEN 'rule-held'
        WHEN d.body LIKE '%"doubt":"reply-held"%' THEN 'reply-held'
        WHEN d.body LIKE '%"doubt":"must-not-miss"%' THEN 'must-not-miss'
        WHEN d.body LIKE '%"doubt":"defect"%' THEN 'defect'
        WHEN d.body LIKE '%"doubt":"no-text"%' THEN 'no-text'
        WHEN d.body LIKE '%"doubt":"nearly-empty"%' THEN 'nearly-empty'
        WHEN d.body LIKE '%"doubt":"other-language"%' THEN 'other-language'
        WHEN d.body LIKE '%"doubt":"unlike-training"%' THEN 'unlike-training'
        WHEN d.body LIKE '%"doubt":"no-model"%' THEN 'no-model'
        WHEN d.body LIKE '%"doubt":"unknown-mailbox"%' THEN 'unknown-mailbox'
        WHEN d.body LIKE '%"doubt":"nowhere"%' THEN 'nowhere'
        WHEN d.body LIKE '%"doubt":"never-automatic"%' THEN 'never-automatic'
        WHEN d.body LIKE '%"doubt":"not-automatic"%' THEN 'not-automatic'
        WHEN d.body LIKE '%"doubt":"not-certified"%' THEN 'not-certified'
        WHEN d.body LIKE '%"doubt":"below-threshold"%' THEN 'below-threshold'
    END FROM decisions AS d WHERE d.letter = letters.id AND d.seq = 1)
WHERE state = 'review';
UPDATE letters SET language = (
    SELECT CASE
        WHEN d.body LIKE '%"language":"en"%' THEN 'en'
        WHEN d.body LIKE '%"language":"de"%' THEN 'de'
        WHEN d.body LIKE '%"language":"sv"%' THEN 'sv'
        WHEN d.body LIKE '%"language":"nb"%' THEN 'nb'
        WHEN d.body LIKE '%"language":"other"%' THEN 'other'
    END FROM decisions AS d WHERE d.letter = letters.id AND d.seq = 1)
WHERE state = 'review';

-- The first of the decisions that were made together; NULL: it was made alone.
ALTER TABLE desk_decisions ADD COLUMN first_seq BIGINT;

-- Letters drawn for a second look. Answered ones stay: they are the measurement.
CREATE TABLE desk_blind (
    letter TEXT PRIMARY KEY REFERENCES letters (id) ON DELETE CASCADE,
    drawn_at BIGINT NOT NULL,
    answered_at BIGINT,
    answered_by TEXT,
    label BIGINT
);
CREATE INDEX desk_blind_open ON desk_blind (drawn_at, letter) WHERE answered_at IS NULL;

-- Deliveries that a mailbox has sent back, each at most once.
CREATE TABLE desk_returns (
    letter TEXT NOT NULL REFERENCES letters (id) ON DELETE CASCADE,
    seq BIGINT NOT NULL,
    mailbox TEXT NOT NULL,
    -- Where it belongs; NULL: the mailbox did not know.
    belongs TEXT,
    who TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- 1: the mailbox said so; 0: a second look did.
    returned BIGINT NOT NULL,
    PRIMARY KEY (letter, seq)
);
