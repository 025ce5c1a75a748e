"""A shop whose customers chat with its support."""
