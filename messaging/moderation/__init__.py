"""Moderation before storing: word lists, and a hook of the operator's own."""
