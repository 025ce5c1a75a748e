"""Redis: the client, its hosts, rates that are counted there, and values that others may write."""
