"""The demo: three stores with a month of invented orders, made afresh on the day of loading."""
