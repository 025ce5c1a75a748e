"""Use cases of a person's own account: devices, blocks, settings, and their own reads."""
