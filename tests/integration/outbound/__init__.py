"""Requests that leave this product for the URLs of operators."""
