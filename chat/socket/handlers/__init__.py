"""The handlers of the commands that `chat.socket.commands` lists, by what they are about."""
