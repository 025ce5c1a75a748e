"""What operators connect to this product."""
