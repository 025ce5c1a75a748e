"""`manage.py serve`: the server process of one instance, or a group of them behind one port."""
