"""Read positions, and how they move: by fixed statements, several people's in one transaction."""
