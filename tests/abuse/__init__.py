"""What a stranger, one account, or twenty accounts can do to everybody else.

An attack is one function in `attacks/`, decorated with `attack`. It runs in a process of its own
against a real server, while bystanders send, read and list at a steady pace. `matrix` names the
servers and the stores, `judging` states what must hold, `report` prints the figures.

`make test` runs the short form, which never looks at the clock. `make abuse` runs all attacks on
all servers and stores, and compares the bystanders' p99 with that of a quiet server.
"""
