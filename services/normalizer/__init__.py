"""Normalizer: the bytes of a capture become articles. `page.fetched` in, `article.normalized` out."""
