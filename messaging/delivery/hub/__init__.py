"""The hub: brings events to the sockets of this process."""
