"""The queue of jobs on SQS, its workers and its dead-letter queue."""
