"""Every route of the product against everybody: the cast, the tables, and how a cell is tried."""
