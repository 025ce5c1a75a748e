"""The link between instances, on a real Redis."""
