"""What stores keep about people."""
