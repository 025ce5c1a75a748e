"""The store on Cloud Firestore."""
