"""What operators do with the data of people: the audit trail."""
