"""The core: keeps, delivers and notifies chat. It knows nothing of HTTP or sockets."""
