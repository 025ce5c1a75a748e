"""A group of instances behind one port: real processes, real signals."""
