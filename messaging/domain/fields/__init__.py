"""The fields of entities: the types of their values, and the functions derived from them."""
