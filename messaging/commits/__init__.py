"""Commits: changes of a conversation wait, are evaluated together, and are stored in one commit."""
