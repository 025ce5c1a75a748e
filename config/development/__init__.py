"""The real parts that development and tests run against, started and stopped as child processes."""
