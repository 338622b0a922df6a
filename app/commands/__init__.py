"""Commands for operators: `flask --app wsgi COMMAND`. One module for each group of them."""

from flask import Flask

from app.commands.audit import check_audit
from app.commands.backup import backup, backup_operator_key, restore, restore_operator_key
from app.commands.doctor import doctor
from app.commands.finalise import finalise
from app.commands.holidays import add_holidays
from app.commands.keys import keys_group, move_keys_command
from app.commands.metrics import metrics
from app.commands.places import (
    add_place,
    end_office_command,
    import_register_command,
    invite_officer,
    withdraw_codes_command,
)

COMMANDS = (
    doctor,
    finalise,
    import_register_command,
    add_place,
    invite_officer,
    withdraw_codes_command,
    end_office_command,
    check_audit,
    add_holidays,
    keys_group,
    move_keys_command,
    metrics,
    backup,
    restore,
    backup_operator_key,
    restore_operator_key,
)


def init_app(app: Flask) -> None:
    """Add the commands."""
    for command in COMMANDS:
        app.cli.add_command(command)
