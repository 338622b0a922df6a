"""A list page makes as many queries for thirty rows as for three, and at most six."""

from tests.cast import Cast
from tests.checks import counted
from tests.deliberation.steps import RoundTable, made

MAX_QUERIES = 6


def furnish(table: RoundTable, rows: int) -> None:
    """So many cards with supports, remarks, invitations and arrivals more."""
    for number in range(rows):
        person = table.cast.resident(name=f"居民{number}")
        card = table.card(person, matter=number % 3, is_anonymous=number % 2 == 0)
        made(person.put(f"/cards/{card['id']}/support"))
        arrival = {"resident_id": str(person.id)}
        made(table.secretary.post(f"{table.path}/attendance", arrival))
        remark = {"speaker": "代表", "text": "同意"}
        made(table.secretary.post(f"{table.path}/remarks", remark))
        invitation = {"kind": "OTHER", "name": f"{person.id}"}
        made(table.secretary.post(f"{table.path}/invitations", invitation))


def test_lists_of_many_rows_make_no_more_queries(cast: Cast):
    table = RoundTable(cast).start()
    counts = {}
    for rows in (3, 27):
        furnish(table, rows)
        for name in ("cards", "attendance", "remarks", "invitations"):
            with counted(cast.app) as statements:
                page = made(table.secretary.get(f"{table.path}/{name}", query_string={"limit": 30}))
            assert len(page["items"]) >= rows
            assert len(statements) <= MAX_QUERIES, statements
            assert counts.setdefault(name, len(statements)) == len(statements), name
        with counted(cast.app) as statements:
            table.read()
        assert counts.setdefault("round table", len(statements)) == len(statements)
