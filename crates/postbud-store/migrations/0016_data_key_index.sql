-- How much lies under a data key, without a walk through every letter's rows; and what the reference asks
-- when a data key goes.
CREATE INDEX raws_data_key ON raws (data_key);
