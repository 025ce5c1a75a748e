"""Changes of messages: send, edit, delete, pin."""
