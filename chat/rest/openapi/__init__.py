"""The OpenAPI document: what all operations share, words and examples."""
