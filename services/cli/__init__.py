"""The command `newsfold`: starts everything on one machine, takes news in, tells what happened, and answers questions.

`main` is the entry; `commands/` has one module per group of commands, each only options and words. The rest is what
they share: `target` (which engines to talk to), `state` (what runs from a data folder), `supervisor`, `output`.
"""
