"""The core: keeps, delivers and notifies chat. It knows nothing of HTTP or sockets."""

__version__ = "0.1.0"
