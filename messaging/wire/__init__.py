"""What clients see: events and entities as JSON."""
