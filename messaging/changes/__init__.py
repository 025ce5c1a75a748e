"""Changes: every rule of a conversation, as a frozen value that turns one state into the next.

Pure: it imports only the domain. `messaging.services` builds changes and submits them;
`messaging.commits` evaluates and stores them.
"""
