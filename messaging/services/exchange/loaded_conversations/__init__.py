"""The conversations of a load: new ones are written, known ones are compared."""
