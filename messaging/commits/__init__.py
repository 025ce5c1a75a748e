"""Commits: changes of a conversation wait, are evaluated together and stored at once."""
