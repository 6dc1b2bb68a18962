"""Rules on what was filed: the registry, the Great Expectations run, findings and the report."""
