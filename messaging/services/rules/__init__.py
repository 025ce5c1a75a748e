"""Shared rules of services: rights, quotas, visibility, and the submission of changes."""
