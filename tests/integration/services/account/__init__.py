"""Data and settings that belong to one person alone."""
