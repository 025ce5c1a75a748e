"""What an erasure does to the SQL store."""
