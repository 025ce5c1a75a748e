"""What the product can do. The only place that changes state or publishes.

Every function takes the acting person as `user_id` and asks for the rights it needs; refusals
are `MessagingError`s. Nothing here knows of HTTP or sockets.
"""
