"""The views of the desk: each finds by access, asks an action, shows."""
