"""What the client holds: conversations, and messages that wait to be sent."""
