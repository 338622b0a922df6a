"""What came of walks, in words."""

from collections import Counter
from collections.abc import Sequence

from tests.walk.walking import Report


def told(report: Report, last: int = 15) -> str:
    """One walk: its figures, and each fault with how to replay it and the calls before it."""
    calls = len(report.calls)
    lines = [
        f"seed {report.seed}: {report.steps} steps, {calls} calls,"
        f" {sum(report.accepted.values())} accepted, {len(report.faults)} faults,"
        f" {len(report.left)} left"
    ]
    lines.append("  " + ", ".join(f"{n} {name}" for name, n in sorted(report.states.items())))
    for fault in report.faults.values():
        lines.append(f"  ✗ [{fault.step}] {fault.kind}: {fault.text}")
    if report.faults and last:
        first = min(fault.step for fault in report.faults.values())
        lines.append(f"  replay: python -m tests.walk --seed {report.seed} --steps {report.asked}")
        before = [call for call in report.calls if call.step <= first][-last:]
        lines += [f"    {call}" for call in before]
    lines += [f"  left: {each}" for each in report.left]
    return "\n".join(lines)


def told_of_all(reports: Sequence[Report]) -> str:
    """All walks together: how often each operation was accepted, and which never was."""
    accepted: Counter[str] = Counter()
    tried: Counter[str] = Counter()
    for report in reports:
        accepted.update(report.accepted)
        tried.update(report.tried)
    lines = [f"{n:6} of {tried[op]:6} {op}" for op, n in sorted(accepted.items())]
    never = sorted(op for op in tried if not accepted[op])
    kinds = Counter(kind for report in reports for kind in report.faults)
    lines += [f"never accepted: {', '.join(never) or '-'}"]
    lines += [f"{n} walks: {kind}" for kind, n in kinds.most_common()]
    return "\n".join(lines)
