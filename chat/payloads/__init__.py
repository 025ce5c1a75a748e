"""JSON of clients: parsing, types, validation and encoding, for REST and the socket."""
