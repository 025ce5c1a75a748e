"""Removal: the notifications that disappear from devices, because they were read or deleted."""
