"""Sources: bytes that arrive become located text cells; nothing is judged, cast or chosen here.

Channels bring files, readers turn them into cells, layouts find the form's values among the cells,
templates write the blank workbook. This room imports nothing else of the project, and this module
stays empty of imports: the guarded reading processes start through it.
"""
