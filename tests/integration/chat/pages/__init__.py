"""Pages outside the API."""
