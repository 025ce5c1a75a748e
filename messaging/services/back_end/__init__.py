"""What a service account does by itself: a team's own back end, or a bot. Each function requires a
scope of the account first."""
