"""Files: the bytes of attachments. Where they are stored, and how they are checked.

This package knows neither people nor conversations; `messaging.attachments` does.
"""
