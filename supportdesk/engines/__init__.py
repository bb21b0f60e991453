"""How PostgreSQL and Valkey are run on one machine. Knows processes, not wheels (see embedded)."""
