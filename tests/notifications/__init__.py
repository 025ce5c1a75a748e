"""Amazon SQS and Firebase Cloud Messaging on the loopback address, for all tests that notify."""
