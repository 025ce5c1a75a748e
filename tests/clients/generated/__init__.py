"""Clients that others generate from docs/openapi.yaml compile, and chat with a real server."""
