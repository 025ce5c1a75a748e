"""The attacks, one kind a file. A function with `@attack` is all that it takes to add one."""
