"""Questions to the published marts and the ledger, answered as plain rows."""
