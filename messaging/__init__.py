"""The core: stores, delivers and notifies chat. It does not know HTTP or sockets."""

__version__ = "0.2.0"
