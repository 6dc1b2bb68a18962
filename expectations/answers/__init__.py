"""What a reporting unit gets back: its workbook marked, the report as JSON, a page to print.

Pages and reports are made here in plain Python. Workbooks of counties are opened only in the
guarded child process of `guard`; `marking` and `copying` are what runs inside it.
"""
