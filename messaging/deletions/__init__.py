"""Deletions of conversations: what follows the commit that removes their people."""
