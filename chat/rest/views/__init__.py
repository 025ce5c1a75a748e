"""The REST views. Each view authenticates, validates the shape of the request, and calls one
service."""
