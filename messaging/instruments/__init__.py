"""What this process measures of itself: metrics, memory by weight, sampled log lines."""
