
-- PostgreSQL only. Letters hold base64 or compressed documents: trying to compress them again
-- costs more time than it saves space.
ALTER TABLE raws ALTER COLUMN bytes SET STORAGE EXTERNAL;
-- Rows come and go here; the default of 20 % dead rows would let the claim indexes bloat.
ALTER TABLE queue SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 2000);
ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 2000);
