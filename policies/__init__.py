"""What each store promises its customers, as data, and the pure engine that reads it."""
