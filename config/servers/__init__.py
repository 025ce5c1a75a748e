"""The servers: bounds below the application, backpressure, draining, addresses behind a proxy."""
