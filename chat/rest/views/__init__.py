"""REST: each view authenticates, validates the shape of the request, and calls one service."""
