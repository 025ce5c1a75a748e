"""What is in Django's database on every store."""
