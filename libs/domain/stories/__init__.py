"""Articles to stories: which passages two texts share, what that makes of them, who retells whom. Pure.

Read in this order: `texts`, `passages`, `pairs`, `boilerplate`, `grades`, `identity`, `retold`, `links`, `grouping`,
`leads`, `membership`; `fold` composes them over a whole set and is the definition of what is right.
"""
