"""Views for service accounts alone."""
