"""The link: brings events to other instances and from them, and notices when it cannot."""
