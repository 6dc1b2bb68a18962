"""The stewards' queue by file: written to a workbook, and the decisions filled in taken back.

The same rights, verbs and checks as by day at the console; the same events in the ledger.
"""
