"""Measurements of this process: metrics, memory by weight, sampled log lines."""
