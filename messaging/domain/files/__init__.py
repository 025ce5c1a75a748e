"""Files that people upload, before and after they are part of a message."""
