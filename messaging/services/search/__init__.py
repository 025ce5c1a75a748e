"""Search: find messages by their words, in the conversations of one person."""
