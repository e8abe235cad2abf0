-- Who holds an outgoing letter while it is being sent: only the holder may prolong its lease or
-- give the letter back.
ALTER TABLE outbox ADD COLUMN owner TEXT;
