"""Database connections of the SQL store, each kept by a thread."""
