"""Positions: how far each participant has received and acknowledged a conversation."""
