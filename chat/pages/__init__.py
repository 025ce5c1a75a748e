"""Pages outside the API: the demo, health, metrics, the schema, and plain pages of errors."""
