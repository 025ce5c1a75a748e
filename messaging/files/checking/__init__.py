"""Checks of uploaded files: size, type, virus scan, images. Nothing of it trusts the client."""
