"""The operators' use cases. The admin and management commands call them, and decide who is an
operator."""
