"""What `make bench` measures: ratios in one run, never absolute times."""
