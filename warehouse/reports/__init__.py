"""What a leader reads of a release: the page, the brief, their charts.

Built from the published marts only: no file name, no filed text, no name of a person.
"""
