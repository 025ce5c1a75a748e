"""Tasks, turns and steps of the event loop."""
