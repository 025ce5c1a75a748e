"""Limits of the doors: what an address may ask without a token, and a person with one."""
