"""Whole conversations and people on Cloud Firestore, for dumps and loads."""
