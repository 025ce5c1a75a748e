"""The AsyncAPI document of the socket, and where it is served."""
