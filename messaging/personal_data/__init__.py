"""Jobs with the data of one person. They run in the background of an instance, survive a crash, and
can be repeated."""
