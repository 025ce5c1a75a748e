"""What clients get from the events of others."""
