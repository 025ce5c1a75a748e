"""What is in DATABASE_URL on every store."""
