"""Deletions of conversations, and their sweep."""
