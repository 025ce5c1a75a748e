"""The JSON of events and entities for clients."""
