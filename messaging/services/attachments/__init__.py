"""Attachments: announce and complete an upload, and give out the files of messages."""
