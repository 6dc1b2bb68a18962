"""All storage: the workspace, the ledger, the private warehouse, releases and the queries on them.

The only room that opens a database. It knows nothing of Dagster, dbt or Great Expectations: the
night's line hands it records, frames and results, and gets records, frames and results back.
"""
