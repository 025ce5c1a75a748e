"""Pages outside the API: the demo, health, metrics, the schema, and error pages."""
