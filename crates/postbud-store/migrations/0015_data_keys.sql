-- The keys with which raw bytes are encrypted, each sealed with a master key that is not in this database.
CREATE TABLE data_keys (
    id {serial},
    master TEXT NOT NULL,
    sealed {bytes} NOT NULL,
    at BIGINT NOT NULL
);

-- Under which key a chunk lies; null: in plain.
ALTER TABLE raws ADD COLUMN data_key BIGINT REFERENCES data_keys (id);
