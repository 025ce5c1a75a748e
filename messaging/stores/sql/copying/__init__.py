"""The SQL store as the copy of another store."""
