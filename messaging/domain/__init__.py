"""The nouns of chat, and what may be said of them. All of them are immutable.

Imports nothing else of this product.
"""
