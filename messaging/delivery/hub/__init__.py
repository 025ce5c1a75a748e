"""The hub: delivers events to the sockets of this process."""
