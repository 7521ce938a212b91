"""What the engine's answers mean. The shapes were recorded from OpenSearch 3.8.0."""

import pytest
from opensearchpy.exceptions import ConnectionError as TransportLost
from opensearchpy.exceptions import ConnectionTimeout, RequestError, TransportError

from libs.adapters.opensearch.errors import Answer, judge_item, opensearch_failure
from libs.runtime.failures import DependencyDown


def item(status: int, kind: str | None = None, reason: str = "") -> dict[str, object]:
    return {"status": status} | ({"error": {"type": kind, "reason": reason}} if kind else {})


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (Answer.STORED, item(201)),
        (Answer.STORED, item(404)),  # a deletion of what is not there
        (Answer.STALE, item(409, "version_conflict_engine_exception")),
        (Answer.UNMAPPED, item(400, "strict_dynamic_mapping_exception")),
        (Answer.UNMAPPED, item(400, "mapper_parsing_exception")),
        (Answer.UNMAPPED, item(400, "illegal_argument_exception", "immense term")),
        (Answer.BLOCKED, item(400, "illegal_argument_exception", "no write index is defined for alias [articles]")),
        (Answer.BLOCKED, item(404, "index_not_found_exception")),
        (Answer.BLOCKED, item(400, "index_closed_exception")),
        (Answer.BLOCKED, item(403, "cluster_block_exception")),
        (Answer.BLOCKED, item(429, "cluster_block_exception", "flood-stage watermark")),
        (Answer.BUSY, item(429, "rejected_execution_exception")),
        (Answer.BUSY, item(503, "unavailable_shards_exception")),
        (Answer.BUSY, item(503, "something_new_exception")),
        (Answer.REFUSED, item(400, "something_new_exception")),
    ],
)
def test_the_type_decides_before_the_status(answer, result):
    assert judge_item(result)[0] is answer


def test_the_cause_is_kept_for_the_quarantine():
    error = {"type": "mapper_parsing_exception", "reason": "failed to parse", "caused_by": {"reason": "bad date"}}
    assert judge_item({"status": 400, "error": error})[1] == "mapper_parsing_exception: failed to parse (bad date)"


@pytest.mark.parametrize(
    "error",
    [
        TransportLost("N/A", "refused", OSError()),
        ConnectionTimeout("TIMEOUT", "", OSError()),
        TransportError(503, "unavailable", {}),
        TransportError(401, "unauthorized", {}),
    ],
)
def test_an_engine_that_cannot_work_is_down(error):
    failure = opensearch_failure(error)
    assert isinstance(failure, DependencyDown)
    assert failure.dependency == "opensearch"


@pytest.mark.parametrize("error", [RequestError(400, "parse", {}), TransportError(500, "x", {}), ValueError("x")])
def test_a_fault_of_ours_is_not_taken_for_an_outage(error):
    assert opensearch_failure(error) is None
