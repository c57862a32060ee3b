"""How many submissions a second are scored for good, and how long each participant waits.

Run it from the root of the repository with `python -m benchmarks.sustained`. Our server commits
every score durably before it answers, on SQLite and on PostgreSQL (which is started for the run,
with fsync, from the system's binaries); the published server stores nothing. Each has two workers
and reports its scores to the same stand-in for the platform. The contestants of a challenge run at
the same time and take turns, round after round, and the median of the rounds is shown.

The aim of three times the published rate is judged at 50,000 predictions. The other challenge is
iris, with 30: the published server has next to nothing to do there, and stores nothing.

At the end, 64 clients upload a byte at a time, and somebody else asks for `GET /`.
"""
