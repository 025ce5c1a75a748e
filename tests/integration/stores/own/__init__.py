"""What stores keep of one person in a conversation."""
