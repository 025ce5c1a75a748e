"""Streams: the delivery rules of one conversation as a state machine, without input or output."""
