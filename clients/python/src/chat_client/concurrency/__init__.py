"""Tasks in the background, delays, batches, and what tells listeners of changes."""
