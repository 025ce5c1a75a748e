"""What people do with messages beside writing them: pin them, and react to them."""
