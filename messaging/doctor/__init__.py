"""The doctor: connects to each part that is configured, measures it, and says what is wrong."""
