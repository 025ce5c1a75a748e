"""What operators and services do with the data of people: the audit trail and the jobs."""
