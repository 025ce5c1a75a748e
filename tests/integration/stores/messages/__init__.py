"""What every store promises of what is kept beside messages."""
