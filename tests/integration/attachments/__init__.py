"""Attachments on real stores and a real storage, without a door."""
