"""The search index on real stores and databases."""
