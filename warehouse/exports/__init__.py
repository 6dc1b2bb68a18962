"""What goes out to people: tables on demand, the files of a release, reports, notices.

Everything here reads one kept release and writes beside it; nothing here can change a release or
hold one up. A table that left the house is remembered by its short code, so that it can be asked
later whether it still holds.
"""
