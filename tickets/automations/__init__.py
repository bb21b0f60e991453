"""What an automation can be made of: typed lists of when, if and then, and their words."""
