"""Devices: which of the people who want a push have a device for it."""
