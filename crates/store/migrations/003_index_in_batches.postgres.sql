-- Only SQLite's search index is filled later than its rows; the GIN index here has a pending list of its own.
SELECT 1;
