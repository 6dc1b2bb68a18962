"""The ledger: who filed what when, what was found, who decided what; transactional, append-only."""
