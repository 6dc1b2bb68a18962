"""The steward's desk: pages over the ledger, the private warehouse and the published marts."""
