"""The socket's commands and its beginning."""
