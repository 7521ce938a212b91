"""The structure of an interview: who speaks when, who is quoted, who was asked by whom and when.

In: an article's body with its blocks (paragraphs and the markup that marks speakers). Out: turns, quotes and facts,
found by patterns in data files and by the document's own structure. No language models, no network, no clock.
"""

from libs.domain.interviews.reading import Interview, read_interview

__all__ = ["Interview", "read_interview"]
