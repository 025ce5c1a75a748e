"""Attachments: from the upload of a file until its removal. Services decide who may do what."""
