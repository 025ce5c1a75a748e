"""Changes: every rule of a conversation, as a frozen value that makes of one state the next.

Pure: it imports the domain alone. `messaging.services` builds changes and submits them,
`messaging.commits` evaluates and stores them.
"""
