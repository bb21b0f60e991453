"""The views of the rules: versions, drafts, trials."""
