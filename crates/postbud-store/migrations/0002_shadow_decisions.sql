-- What a challenger would have done with a letter, beside what the champion said of it when it was
-- recorded. `champion` is null where no model was asked. `routed` is 1 for sent on, or would have,
-- without a person.
CREATE TABLE shadow_decisions (
    letter TEXT NOT NULL REFERENCES letters (id) ON DELETE CASCADE,
    model TEXT NOT NULL,
    at BIGINT NOT NULL,
    mailbox TEXT NOT NULL,
    probability DOUBLE PRECISION NOT NULL,
    routed BIGINT NOT NULL CHECK (routed IN (0, 1)),
    champion TEXT,
    champion_mailbox TEXT,
    champion_probability DOUBLE PRECISION,
    champion_routed BIGINT NOT NULL CHECK (champion_routed IN (0, 1)),
    PRIMARY KEY (letter, model)
);
CREATE INDEX shadow_decisions_by_models ON shadow_decisions (model, champion, at);
