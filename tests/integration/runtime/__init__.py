"""The life of an instance."""
