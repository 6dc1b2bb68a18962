"""Official releases (正式发布): a city's 季报, 年报 and evaluations, approved and never altered.

`verbs` is what the command line and the desk call.
"""
