"""Followers on real stores."""
