"""The failure policy in numbers."""

from libs.contracts.reasons import Reason
from libs.runtime.failures import DependencyDown, Failure, Quarantine, Retry, classify
from libs.runtime.policy import FailurePolicy
from libs.runtime.topology import MAX_DELIVER


def test_delays_grow_and_stay_at_the_last() -> None:
    policy = FailurePolicy(jitter=0)
    delays = [policy.delay_seconds(n) for n in range(1, 10)]
    assert delays == sorted(delays)
    assert delays[0] < delays[4] == delays[-1]


def test_jitter_stays_within_its_share() -> None:
    policy = FailurePolicy(delays_seconds=(10,), jitter=0.2)
    delays = {policy.delay_seconds(1) for _ in range(200)}
    assert len(delays) > 1
    assert all(8 <= delay <= 12 for delay in delays)


def test_pauses_grow_while_a_dependency_is_down() -> None:
    policy = FailurePolicy()
    assert [policy.pause(n) for n in range(7)] == [0.2, 0.5, 1, 2, 5, 5, 5]


def test_we_stop_trying_long_before_the_server_would() -> None:
    policy = FailurePolicy()
    assert policy.alone_after < policy.attempts < policy.deliveries < MAX_DELIVER / 10


def test_a_failure_is_itself_and_other_errors_are_judged_in_order() -> None:
    def postgres(error: BaseException) -> Failure | None:
        return DependencyDown("postgres") if isinstance(error, OSError) else None

    def all_else(error: BaseException) -> Failure | None:
        return Quarantine(Reason.BLOB_CORRUPT) if isinstance(error, OSError | KeyError) else None

    retry = Retry(Reason.INDEX_REFUSED)
    assert classify(retry, [all_else]) is retry
    assert isinstance(classify(OSError(), [postgres, all_else]), DependencyDown)
    assert isinstance(classify(KeyError(), [postgres, all_else]), Quarantine)
    assert classify(ValueError(), [postgres, all_else]) is None
