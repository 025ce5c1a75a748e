"""The services of the core, at each door: rights, costs, and what people see."""
