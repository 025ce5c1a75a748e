"""What operators connect to this product: moderation, service accounts, and webhooks."""
