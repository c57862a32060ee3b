"""What pages say: each module returns the content of one page, for whoever visits it.

No module here knows HTTP; addresses are relative to what `Visit.at` returns.
"""
