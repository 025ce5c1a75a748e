"""What services share: rights, quotas, visibility, and the way of a change to its commit."""
