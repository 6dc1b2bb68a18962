"""What is done by day for those at the desk: asked for here, done by a child process, told here.

The console asks and looks; the rule engine is never loaded in the process that answers pages.
"""
