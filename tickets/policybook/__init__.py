"""The managers' face for the store's rules: versions, drafts, what changes, and trials."""
