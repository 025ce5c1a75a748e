"""The use cases of the product. Only services change state or publish.

Every function takes the acting person as `user_id` and requires the rights it needs. Refusals are
`MessagingError`s. Services do not know HTTP or sockets.
"""
