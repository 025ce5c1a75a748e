"""The link: carries events to and from other instances, and detects when it cannot."""
