"""The control channel between the parent of a group and one of its processes: single bytes."""

READY = b"r"
"""From the process: it accepts connections."""
DRAIN = b"d"
"""From the parent: drain and exit. If the parent closes its end, the process also leaves the port
of the group."""
