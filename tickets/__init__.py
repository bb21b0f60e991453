"""The desk: orders, tickets, claims, evidence, deadlines, and the four faces."""
