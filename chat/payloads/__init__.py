"""What clients send and get, as JSON: parsing, types, validation and encoding, for both doors."""
