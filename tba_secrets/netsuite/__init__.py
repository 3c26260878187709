"""NetSuite with one credential: signed calls, what they prove, why they fail, and how often a user may be asked."""
