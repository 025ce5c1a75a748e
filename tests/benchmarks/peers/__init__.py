"""The product beside its peers on one machine: `make bench` runs it, and writes a table and a plot.

One load generator in C speaks to all servers. Each server is pinned to one core; the generator, the
databases and Redis are pinned to another.
"""
