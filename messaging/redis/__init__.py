"""Redis: the client, its hosts, rate limits, and untrusted values."""
