"""The search index on each kind of database."""
