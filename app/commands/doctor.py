"""`doctor`: what is missing or wrong, and what to do about it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from app.config import Fault
from app.health.findings import QUESTIONS, CannotTell, Patient, Question
from app.kit.extensions import db

NAME = "doctor"
Findings = Mapping[str, list[Fault] | None]


def is_asked(arguments: Sequence[str]) -> bool:
    """Whether this process is `flask doctor`, which looks at what nobody else would start with."""
    return Path(arguments[0]).stem in ("flask", "__main__") and NAME in arguments[1:]


@click.command(NAME)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@with_appcontext
def doctor(as_json: bool) -> None:
    """Say what is missing or wrong, and what to do about it; exit status 1 where anything is."""
    patient = Patient(current_app.extensions["settings"], Path(current_app.instance_path))
    findings = {question.name: _ask(question, patient) for question in QUESTIONS}
    click.echo(_as_json(findings) if as_json else _as_text(findings))
    if any(findings.values()):
        raise click.exceptions.Exit(1)


def _ask(question: Question, patient: Patient) -> list[Fault] | None:
    """What the question finds; None where that cannot be told."""
    try:
        return list(question.find(patient))
    except CannotTell:
        return None
    finally:
        db.session.remove()  # a failed transaction is not handed on


def _as_json(findings: Findings) -> str:
    """`is_well`, and for each check its faults; null where they cannot be told."""
    told = {
        name: None if faults is None else [fault._asdict() for fault in faults]
        for name, faults in findings.items()
    }
    return json.dumps({"is_well": not any(told.values()), "checks": told}, ensure_ascii=False)


def _as_text(findings: Findings) -> str:
    lines = []
    for question in QUESTIONS:
        faults = findings[question.name]
        mark = "?" if faults is None else "✗" if faults else "✓"
        lines.append(f"{mark} {question.zh} · {question.en}")
        lines += [f"    {fault.zh}\n    {fault.en} [{fault.code}]" for fault in faults or []]
    return "\n".join(lines)
