"""Cloud Firestore as the copy of another store."""
