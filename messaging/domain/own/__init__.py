"""What holds for one participant in a conversation. It is derived when it is read."""
