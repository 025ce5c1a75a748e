"""The server side of the local storage of files: signed uploads and downloads, beside Django."""
