"""The settings, the start and the logs of a server process."""
