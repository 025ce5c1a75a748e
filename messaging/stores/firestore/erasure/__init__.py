"""What an erasure does to the Firestore store."""
