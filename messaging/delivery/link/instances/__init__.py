"""The other instances, as one link knows them."""
