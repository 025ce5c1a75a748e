"""Presence on a real Redis."""
