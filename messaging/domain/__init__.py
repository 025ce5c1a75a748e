"""The nouns of chat, and the rules for their values. All of them are immutable.

This package imports no other package of the product.
"""
