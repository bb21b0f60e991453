"""The demo's inbox of everybody: what customers and staff would have got."""
