"""Tables, cell by cell, in bounded memory: csv, jsonl, parquet, feather."""
