"""The fault table: one client that checks the sequence, while something breaks at each peer."""
