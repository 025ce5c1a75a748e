"""The product as a peer: one instance, with a door that creates events without storing them."""
