"""REST, WebSocket and the admin. They act through `messaging.services`."""
