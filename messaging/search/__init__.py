"""Search: an index of messages in `DATABASE_URL`, on either store, which a follower keeps.

The index holds words, and memberships with the first message that each person may see. A query
finds only what its person may see by the index, and every hit is checked in the store before it is
shown. docs/search.md has the details.
"""
