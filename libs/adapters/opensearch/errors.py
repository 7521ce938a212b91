"""Judges OpenSearch's answers: stored, refused for good, refused for now, or down.

The error's type decides, the status only where the type is unknown: a write block answers 403 or 429, a closed index
400, and none of them is the document's fault (measured on 3.8.0).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from opensearchpy.exceptions import ConnectionError as TransportLost
from opensearchpy.exceptions import TransportError

from libs.runtime.failures import DependencyDown, Failure


class Answer(StrEnum):
    """What became of one item of a bulk request."""

    STORED = "stored"
    STALE = "stale"  # the index holds this version or a newer one: as good as stored
    BUSY = "busy"  # try again soon
    BLOCKED = "blocked"  # an operator or a full disk stands in the way: wait
    UNMAPPED = "unmapped"  # the document does not fit the mapping
    REFUSED = "refused"  # refused for good for another reason


_BY_TYPE: Final = {
    "version_conflict_engine_exception": Answer.STALE,
    "strict_dynamic_mapping_exception": Answer.UNMAPPED,
    "mapper_parsing_exception": Answer.UNMAPPED,
    "document_parsing_exception": Answer.UNMAPPED,
    "illegal_argument_exception": Answer.UNMAPPED,
    "cluster_block_exception": Answer.BLOCKED,
    "index_closed_exception": Answer.BLOCKED,
    "index_not_found_exception": Answer.BLOCKED,
    "alias_not_found_exception": Answer.BLOCKED,
    "circuit_breaking_exception": Answer.BUSY,
    "rejected_execution_exception": Answer.BUSY,
    "unavailable_shards_exception": Answer.BUSY,
    "process_cluster_event_timeout_exception": Answer.BUSY,
}
# An alias that points at several indices is the installation's fault, though the engine words it as an argument's.
_MISCONFIGURED: Final = ("no write index is defined", "has more than one ind")


def judge_item(result: Mapping[str, Any]) -> tuple[Answer, str]:
    """What one item's answer means, and the engine's own words for it."""
    error = result.get("error")
    status = int(result.get("status", 500))
    if not error:  # a deletion of what is not there answers 404 `not_found` and is done
        return Answer.STORED, ""
    kind, words = str(error.get("type", "")), str(error.get("reason", ""))
    cause = (error.get("caused_by") or {}).get("reason")
    detail = f"{kind}: {words}" + (f" ({cause})" if cause else "")
    if kind == "illegal_argument_exception" and any(part in words for part in _MISCONFIGURED):
        return Answer.BLOCKED, detail
    return _BY_TYPE.get(kind) or _by_status(status), detail


def _by_status(status: int) -> Answer:
    return Answer.BUSY if status in (429, 502, 503, 504) or status >= 500 else Answer.REFUSED


def opensearch_failure(error: BaseException) -> Failure | None:
    """The Failure that an exception of the client stands for, or None: not the engine's doing.

    A request that the engine answered is no outage, unless the answer is that it cannot work now.
    """
    if isinstance(error, TransportLost):
        return DependencyDown("opensearch", _first_line(error))
    if isinstance(error, TransportError) and (error.status_code in (401, 403, 429) or _is_server_fault(error)):
        return DependencyDown("opensearch", _first_line(error))
    return None


def _is_server_fault(error: TransportError) -> bool:
    return isinstance(error.status_code, int) and error.status_code >= 502


def _first_line(error: TransportError) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:300]
