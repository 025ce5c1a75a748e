"""The doctor: connects to each configured part, measures it, and reports problems."""
