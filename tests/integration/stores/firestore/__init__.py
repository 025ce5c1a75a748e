"""What is true of the Firestore store alone."""
