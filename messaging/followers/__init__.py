"""Followers: named readers of all durable changes, each with a checkpoint per conversation.

A follower gets the changes of a conversation in the order of their versions, at least once. A
commit only puts the conversation into a bounded queue in memory. What this queue loses, the sweep
finds: it compares recently changed conversations with the checkpoints, also after a crash or an
outage. Checkpoints are in `DATABASE_URL`, on either store. docs/followers.md has the details.
"""
