"""Copies of a store in another store."""
