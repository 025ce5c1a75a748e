"""What people set in a conversation for themselves alone, over REST."""
