"""What the product keeps in a real Redis."""
