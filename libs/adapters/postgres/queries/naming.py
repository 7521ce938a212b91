"""How people name articles."""

from typing import Final

ID_PREFIX: Final = 8  # of the article id, for a segment that has left its page


def article_key(url: str, article_id: str, position: int | None, segments: int) -> str:
    """The page's URL, with `#n` where the page holds several articles."""
    if position is None:
        return f"{url}#{article_id[:ID_PREFIX]}"
    return url if segments == 1 else f"{url}#{position}"
