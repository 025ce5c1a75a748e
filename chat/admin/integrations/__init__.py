"""What operators connect to this product: moderation, and webhooks."""
