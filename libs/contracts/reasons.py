"""The closed list of reasons: the same word stands in metric label, ledger row, quarantine entry and log.

A capture ends `unchanged`, `extracted`, `rejected` or `quarantined`; a revision ends `indexed`, `superseded`,
`withdrawn` or `quarantined`. `rejected` and `quarantined` always carry one of these reasons.
"""

from enum import StrEnum


class CaptureEnd(StrEnum):
    """How a capture can end."""

    UNCHANGED = "unchanged"
    EXTRACTED = "extracted"
    REJECTED = "rejected"
    QUARANTINED = "quarantined"


class RevisionEnd(StrEnum):
    """How a revision can end. `indexed` becomes `superseded` when a newer revision of its article arrives."""

    INDEXED = "indexed"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    QUARANTINED = "quarantined"


class Reason(StrEnum):
    """Why something was rejected, retried or quarantined."""

    # fetching (captures end rejected)
    FETCH_DNS = "fetch_dns"
    FETCH_ADDRESS_DENIED = "fetch_address_denied"
    FETCH_PORT_DENIED = "fetch_port_denied"
    FETCH_SCHEME = "fetch_scheme"
    FETCH_URL_INVALID = "fetch_url_invalid"
    FETCH_CONNECT = "fetch_connect"
    FETCH_TLS = "fetch_tls"
    FETCH_TIMEOUT = "fetch_timeout"
    FETCH_PROTOCOL = "fetch_protocol"
    FETCH_TOO_LARGE = "fetch_too_large"
    FETCH_BOMB = "fetch_bomb"
    FETCH_ENCODING = "fetch_encoding"
    FETCH_REDIRECT_LOOP = "fetch_redirect_loop"
    FETCH_TOO_MANY_REDIRECTS = "fetch_too_many_redirects"
    FETCH_ROBOTS = "fetch_robots"
    FETCH_STATUS_4XX = "fetch_status_4xx"
    FETCH_STATUS_5XX = "fetch_status_5xx"
    FETCH_GONE = "fetch_gone"
    FETCH_FILE_MISSING = "fetch_file_missing"
    FETCH_FILE_UNREADABLE = "fetch_file_unreadable"
    REFUSED = "refused"  # its page was erased; also at reading a page that came by another address
    FEED_INVALID = "feed_invalid"
    # reading a page (captures end rejected)
    NOT_ARTICLE = "not_article"
    EMPTY = "empty"
    BINARY = "binary"
    NOT_HTML = "not_html"
    SOFT_404 = "soft_404"
    PAYWALL_STUB = "paywall_stub"
    # reading a page went wrong (captures end quarantined)
    PARSE_TIMEOUT = "parse_timeout"
    PARSE_MEMORY = "parse_memory"
    PARSE_CRASH = "parse_crash"
    BLOB_MISSING = "blob_missing"
    BLOB_CORRUPT = "blob_corrupt"
    # a message cannot be handled (quarantined)
    MESSAGE_MALFORMED = "message_malformed"
    MESSAGE_UNKNOWN_VERSION = "message_unknown_version"
    RECORD_MISSING = "record_missing"
    TOO_MANY_ATTEMPTS = "too_many_attempts"
    TOO_MANY_DELIVERIES = "too_many_deliveries"
    INDEX_MAPPING = "index_mapping"
    INDEX_REFUSED = "index_refused"
    UNEXPECTED_ERROR = "unexpected_error"
    # not ends, but labels of retries and pauses
    DEPENDENCY_DOWN = "dependency_down"
