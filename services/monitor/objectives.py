"""The objectives of the service, and the recording and alert rules that watch how fast their budgets are spent.

`python -m services.monitor.objectives` writes deploy/prometheus/rules/objectives.yml; a test fails when the file differs.
Windows, factors and the two severities are those of the SRE workbook, "Alerting on SLOs", table 5-8, over 30 days: paged
when 2 % of the budget go in an hour or 5 % in six, a ticket when 10 % go in a day or in three.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).resolve().parents[2] / "deploy" / "prometheus" / "rules" / "objectives.yml"
COMMAND: Final = "python -m services.monitor.objectives"
RUNBOOK: Final = "docs/runbook.md"


@dataclass(frozen=True, slots=True)
class Objective:
    """`share` of live articles is searchable within `seconds`, which must be a bucket of the delay's histogram."""

    name: str
    seconds: float
    share: float

    @property
    def budget(self) -> float:
        return round(1 - self.share, 6)


@dataclass(frozen=True, slots=True)
class Burn:
    """Fires while the budget burns `factor` times too fast, over a long window and still over a short one."""

    long: str
    short: str
    factor: float


OBJECTIVES: Final = (
    Objective("searchable_1m", 60, 0.95),
    Objective("searchable_5m", 300, 0.99),
    Objective("searchable_1h", 3600, 0.999),
)
FAST: Final = (Burn("1h", "5m", 14.4), Burn("6h", "30m", 6))
SLOW: Final = (Burn("1d", "2h", 3), Burn("3d", "6h", 1))
WINDOWS: Final = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")

_HEAD = f"""# Made by `{COMMAND}`; do not edit.
# Of live articles, 95 % are searchable within a minute of their capture's record, 99 % within five, 99.9 % within an
# hour, over 30 days. Canaries count, so that there is always something to count; what never arrives is told by
# CanaryMissing and StuckArticles.
groups:
  - name: objectives
    rules:
"""
_RATIO = """\
      - record: newsfold:late_articles:ratio_rate{window}
        labels: {{objective: {name}}}
        expr: |-
          1 - sum(rate(newsfold_searchable_delay_seconds_bucket{{lane="live",le="{seconds:.1f}"}}[{window}]))
            / sum(rate(newsfold_searchable_delay_seconds_count{{lane="live"}}[{window}]))
"""
_BUDGET = """\
      - record: newsfold:objective_budget:ratio
        labels: {{objective: {name}}}
        expr: vector({budget:g})
"""
_ALERT = """\
      - alert: {alert}
        expr: |-
{expr}
        for: {wait}
        labels: {{severity: {severity}}}
        annotations:
          summary: "Live articles become searchable too late ({{{{ $labels.objective }}}})."
          impact: {impact}
          first_command: docker compose run --rm --no-deps cli status
          runbook_url: {runbook}#{anchor}
"""


def rules() -> str:
    """The file, as YAML."""
    recorded = [_RATIO.format(window=w, name=o.name, seconds=o.seconds) for o in OBJECTIVES for w in WINDOWS]
    budgets = [_BUDGET.format(name=o.name, budget=o.budget) for o in OBJECTIVES]
    alerts = [
        _alert("FreshnessBudgetBurnFast", FAST, "page", "2m", "The newsroom reads old news now."),
        _alert(
            "FreshnessBudgetBurnSlow", SLOW, "ticket", "15m", "The promise of the month will be broken at this pace."
        ),
    ]
    return _HEAD + "".join([*budgets, *recorded, *alerts])


def _alert(alert: str, burns: tuple[Burn, ...], severity: str, wait: str, impact: str) -> str:
    return _ALERT.format(
        alert=alert,
        expr="\n          or\n".join(_burning(burn) for burn in burns),
        wait=wait,
        severity=severity,
        impact=impact,
        runbook=RUNBOOK,
        anchor=alert.lower(),
    )


def _burning(burn: Burn) -> str:
    limit = f"on(objective) ({burn.factor:g} * newsfold:objective_budget:ratio)"
    one, other = (f"newsfold:late_articles:ratio_rate{window}" for window in (burn.long, burn.short))
    return f"          (({one} > {limit}) and ({other} > {limit}))"


def main() -> None:
    """Write the file."""
    FILE.write_text(rules(), encoding="utf-8")
    print(f"wrote {FILE}")


if __name__ == "__main__":
    main()
