"""A page where people sign in with Firebase, beside a chat that verifies their ID tokens."""

CERTIFICATES_VARIABLE = "CERTIFICATES_URL"
"""The variable of the environment that says where the chat fetches Google's certificates."""
