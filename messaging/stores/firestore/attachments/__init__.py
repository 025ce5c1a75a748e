"""Attachments on Cloud Firestore: documents `attachments/{id}`, and their part in the commit of a
message."""
