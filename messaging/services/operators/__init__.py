"""What operators do. The admin and management commands call it, and decide who an operator is."""
