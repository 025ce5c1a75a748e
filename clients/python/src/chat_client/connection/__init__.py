"""The socket and REST."""
