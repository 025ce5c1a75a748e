"""Push services: Firebase Cloud Messaging, and the log for development."""
