"""Files for messages, and the addresses of the files in messages.

The bytes go directly to the storage. Only a completed file can be sent.
"""

from chat_client.files.addresses import FileAddresses
from chat_client.files.upload import UploadProgress, upload_file

__all__ = ["FileAddresses", "UploadProgress", "upload_file"]
