"""Questions of people to PostgreSQL, for the command line: nothing here writes.

One module a question: `articles`, `stories`, `progress` (is everything done), `ledger` (how things ended), `trace`
(what happened to a page), `corrections` (what editors decided).
"""
