"""The client of Cloud Firestore: channel, deadlines, requests and transactions."""
