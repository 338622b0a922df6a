"""`python -m tests.demo.vote [run.json]`: an open vote in the demo's compound, for clients to try.

It talks to the demo that `make run` started. Run it again for the same vote while it is open.
"""

import json
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from app.kit.clock import ZONE
from tests.demo.scene import Scene, TourFailed, another_take

TITLES = ("夜间停车难", "路灯不亮", "电动车充电口太少")
OPEN = ("VOTING", "EXTENDED")
SECRETARY, VOTER, RAISER = "V01", "V02", "V03"


def open_vote(run_file: Path, run: Mapping[str, Any], http: httpx.Client) -> dict[str, Any]:
    """The session whose vote is open, and the openid of somebody who may vote."""
    scene = Scene(run, http)
    scene.log_everybody_in()
    sessions = scene.people[SECRETARY].do("GET", f"{scene.compound}/sessions")["items"]
    session = next((each for each in sessions if each["state"] in OPEN), None)
    if session is None and sessions:
        return open_vote(run_file, another_take(run_file, run), http)
    return {
        "session_id": (session or _new_vote(scene))["id"],
        "compound_id": scene.compound_id,
        "voter_openid": run["personas"][VOTER]["openid"],
    }


def _new_vote(scene: Scene) -> dict[str, Any]:
    secretary, raiser = scene.people[SECRETARY], scene.people[RAISER]
    now = datetime.now(ZONE)
    body = {
        "period": f"{now:%Y-%m}",
        "place": "小区党群服务站",
        "voting_opens_at": (now + timedelta(hours=1)).isoformat(),
        "voting_closes_at": (now + timedelta(days=7)).isoformat(),
        "round_table_at": (now + timedelta(days=14)).isoformat(),
    }
    session = f"/sessions/{secretary.do('POST', f'{scene.compound}/sessions', body)['id']}"
    secretary.do("POST", f"{session}/start-collecting")
    for title in TITLES:
        raised = {"title": title, "body": f"{title}。", "category": "OTHER"}
        matter = raiser.do("POST", f"{scene.compound}/matters", raised)
        secretary.do("POST", f"/matters/{matter['id']}/screen", {"outcome": "LISTED"})
    secretary.do("POST", f"{session}/freeze-list")
    opened: dict[str, Any] = secretary.do("POST", f"{session}/open-voting")
    return opened


def main() -> int:
    """Prints the vote as JSON. Returns 1 where there is no demo."""
    run_file = Path(sys.argv[1] if len(sys.argv) > 1 else "instance/run.json")
    try:
        run = json.loads(run_file.read_text(encoding="utf-8"))
        with httpx.Client(base_url=run["app"], trust_env=False, timeout=30) as http:
            print(json.dumps(open_vote(run_file, run, http), indent=2))
    except (OSError, httpx.TransportError) as error:
        sys.stderr.write(f"连不上演示服务器，请先运行 make run · start `make run` first: {error}\n")
        return 1
    except TourFailed as error:
        sys.stderr.write(f"没有开成投票 · no vote was opened: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
