"""Webhooks from a worker to the sites in `examples`, over real connections."""
