"""Moderation before storing, with real hooks on the loopback address."""
