"""`python -m tests.demo.tour [run.json]`: plays the worked example over HTTP, day by day.

It talks to the demo that `make run` started, as its people, sets the demo's clock to the days of
the example, and compares what comes back with it. It can be run again: each run has a compound of
its own.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from tests.demo.agreement import Agreement
from tests.demo.judgement import Judgement
from tests.demo.month import Month
from tests.demo.round_table import RoundTable
from tests.demo.scene import Scene, TourFailed, another_take, chapter, say
from tests.demo.works import Works


def play(run_file: Path, run: Mapping[str, Any], http: httpx.Client) -> list[str]:
    """The whole example; answers what differs from it, best nothing."""
    scene = Scene(run, http)
    print(f"月月谈演示 · A tour of the worked example\n服务器 · server: {http.base_url}")
    chapter("登录", "Logging in through WeChat")
    scene.log_everybody_in()
    if scene.people["V01"].do("GET", f"{scene.compound}/sessions")["items"]:
        scene = Scene(another_take(run_file, run), http)
        scene.log_everybody_in()
        say(
            "上次演示用过这个小区，另建一个", "used by an earlier tour: another compound is founded"
        )
    say(f"{len(scene.people)} 人已登录", f"{len(scene.people)} people are logged in")
    try:
        day_by_day(scene)
    finally:
        scene.come_home()
    chapter("公示栏", "The public board")
    print(f"  {http.base_url.join(f'/board{scene.compound}')}")
    print(f"  {http.base_url.join(f'/api/v1/board{scene.compound}/feed.json')}")
    return scene.faults


def day_by_day(scene: Scene) -> None:
    """The example from 2 March to the middle of May 2026."""
    month = Month(scene)
    works = Works(scene, month)
    month.plan_session()
    month.name_countersigner()
    month.raise_matters()
    month.screen()
    works.mend_lamps()
    month.freeze()
    month.vote()
    month.try_what_is_refused()
    month.close()
    month.show_result()
    month.countersign()
    month.recount()
    table = RoundTable(scene, month)
    table.put_cards()
    table.meet()
    table.decide()
    table.publish()
    agreement = Agreement(scene, table)
    agreement.publish()
    works.hand_out(table)
    works.accept_late()
    agreement.object()
    agreement.enter_force()
    works.do("W5")
    works.blow_whistle()
    works.do("W1", "W3")
    works.feed_back()
    works.do("W2", "W6", "W4")
    judgement = Judgement(scene, month, works, agreement)
    judgement.look_back()
    judgement.show_rates()
    judgement.judge_convention()
    judgement.end()
    print(f"\n入选 · selected: {', '.join(month.chosen)}")


def main() -> int:
    """Returns 0 where everything is as in the worked example, else 1."""
    run_file = Path(sys.argv[1] if len(sys.argv) > 1 else "instance/run.json")
    try:
        run = json.loads(run_file.read_text(encoding="utf-8"))
        with httpx.Client(base_url=run["app"], trust_env=False, timeout=30) as http:
            faults = play(run_file, run, http)
    except (OSError, httpx.TransportError) as error:
        sys.stderr.write(f"连不上演示服务器，请先运行 make run · start `make run` first: {error}\n")
        return 1
    except TourFailed as error:
        sys.stderr.write(f"演示中断 · the tour broke off: {error}\n")
        return 1
    for fault in faults:
        sys.stderr.write(f"与例子不符 · differs from the worked example: {fault}\n")
    if not faults:
        print("与例子完全一致 · Everything is as in the worked example.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
