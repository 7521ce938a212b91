"""Readings to metrics. Whatever a reading does not name any more is gone from the metrics too."""

from collections.abc import Iterable, Sequence

from prometheus_client.metrics import MetricWrapperBase

from libs.adapters.nats.readings import BusReading
from libs.adapters.opensearch.readings import IndexReading
from libs.adapters.postgres.readings import AccountReading, DatabaseReading, WorkReading
from libs.runtime.metrics import Metrics

ANY_RULE = "any"
CLUSTER = "opensearch"


def forget(metrics: Iterable[MetricWrapperBase]) -> None:
    """Take every series of these metrics away."""
    for metric in metrics:
        metric.clear()


def bus_metrics(m: Metrics) -> Sequence[MetricWrapperBase]:
    return (
        m.stream_messages,
        m.stream_bytes,
        m.stream_limit_bytes,
        m.consumer_exists,
        m.consumer_pending,
        m.consumer_unacked,
        m.consumer_last_ack,
    )


def bus(m: Metrics, reading: BusReading) -> None:
    forget(bus_metrics(m))
    for stream in reading.streams:
        m.stream_messages.labels(stream.name).set(stream.messages)
        m.stream_bytes.labels(stream.name).set(stream.bytes)
        if stream.limit_bytes > 0:  # -1: without limit
            m.stream_limit_bytes.labels(stream.name).set(stream.limit_bytes)
    for consumer in reading.consumers:
        m.consumer_exists.labels(consumer.name).set(consumer.last_ack is not None)
        if consumer.last_ack is not None:
            m.consumer_pending.labels(consumer.name).set(consumer.pending)
            m.consumer_unacked.labels(consumer.name).set(consumer.unacked)
            m.consumer_last_ack.labels(consumer.name).set(consumer.last_ack.timestamp())


def database_metrics(m: Metrics) -> Sequence[MetricWrapperBase]:
    return (
        m.postgres_connections,
        m.postgres_connections_limit,
        m.postgres_oldest_transaction,
        m.postgres_bytes,
        m.postgres_wal_bytes,
        m.postgres_wal_limit_bytes,
        m.postgres_deadlocks,
        m.postgres_cache_hits,
    )


def database(m: Metrics, reading: DatabaseReading) -> None:
    forget(database_metrics(m))
    m.postgres_connections.labels(reading.name).set(reading.connections)
    m.postgres_connections_limit.labels(reading.name).set(reading.connections_limit)
    m.postgres_oldest_transaction.labels(reading.name).set(reading.oldest_transaction_seconds)
    m.postgres_bytes.labels(reading.name).set(reading.bytes)
    if reading.wal_bytes is not None:
        m.postgres_wal_bytes.labels(reading.name).set(reading.wal_bytes)
    m.postgres_wal_limit_bytes.labels(reading.name).set(reading.wal_limit_bytes)
    m.postgres_deadlocks.labels(reading.name).set(reading.deadlocks)
    m.postgres_cache_hits.labels(reading.name).set(reading.cache_hits)


def work_metrics(m: Metrics) -> Sequence[MetricWrapperBase]:
    return m.unfinished, m.oldest_unfinished, m.quarantine_open, m.sources


def work(m: Metrics, reading: WorkReading) -> None:
    m.quarantine_open.clear()  # the other labels are always the same
    for (kind, lane), count in reading.unfinished.items():
        m.unfinished.labels(kind, lane).set(count)
    for (kind, lane), seconds in reading.oldest_seconds.items():
        m.oldest_unfinished.labels(kind, lane).set(seconds)
    for (stage, reason), count in reading.quarantined.items():
        m.quarantine_open.labels(stage, reason).set(count)
    for state, count in reading.sources.items():
        m.sources.labels(state).set(count)


def account_metrics(m: Metrics) -> Sequence[MetricWrapperBase]:
    return m.recorded, m.ledger_broken, m.backups


def account(m: Metrics, reading: AccountReading) -> None:
    forget(account_metrics(m))
    for (table, end), count in reading.recorded.items():
        m.recorded.labels(table, end).set(count)
    m.ledger_broken.labels(ANY_RULE).set(sum(reading.broken.values()))
    for rule, count in reading.broken.items():
        m.ledger_broken.labels(rule).set(count)
    m.sources.labels("silent").set(len(reading.silent))
    for step, at in reading.backups.items():
        m.backups.labels(step).set(at)


def index_metrics(m: Metrics) -> Sequence[MetricWrapperBase]:
    return (
        m.opensearch_status,
        m.opensearch_blocked,
        m.opensearch_documents,
        m.opensearch_disk,
        m.opensearch_heap,
    )


def index(m: Metrics, reading: IndexReading) -> None:
    forget(index_metrics(m))
    m.opensearch_status.labels(CLUSTER).set(reading.status)
    m.opensearch_blocked.labels(CLUSTER).set(reading.blocked)
    for kind, count in reading.documents.items():
        m.opensearch_documents.labels(kind).set(count)
    for node in reading.nodes:
        m.opensearch_disk.labels(node.name, "total").set(node.disk_total)
        m.opensearch_disk.labels(node.name, "free").set(node.disk_free)
        m.opensearch_heap.labels(node.name).set(node.heap)
