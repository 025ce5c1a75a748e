"""What holds for one participant."""
