"""What a request costs: our server, a bare Falcon, the published challenge server and nginx.

Run it from the root of the repository with `python -m benchmarks.http`. It needs Linux (`/proc`)
and `nginx` on the path; the published server is installed into an environment of its own.

What counts is the CPU time of a server's whole process group per request, because it says how many
participants a machine can serve and does not depend on what else runs on it; bytes a second are
wall-clock figures. All contestants of a scenario run at the same time and take turns, round after
round, and the median of the rounds is shown.
"""
