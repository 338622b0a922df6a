"""`python -m tests.wechat_standin`: run the stand-in until it is interrupted or terminated."""

import argparse
import json
import signal
import sys

from tests.wechat_standin.server import StandIn
from tests.wechat_standin.state import APPID, SECRET, SEED


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.wechat_standin",
        description="api.weixin.qq.com 的本机替身 · a stand-in for api.weixin.qq.com on loopback",
    )
    port = "端口，0 为任一空闲端口 · port, 0 for any free one"
    parser.add_argument("--host", default="127.0.0.1", help="仅限环回地址 · loopback only")
    parser.add_argument("--protocol-port", type=int, default=0, help=port)
    parser.add_argument("--control-port", type=int, default=0, help=port)
    parser.add_argument("--appid", default=APPID)
    parser.add_argument("--secret", default=SECRET)
    parser.add_argument("--seed", type=int, default=SEED, help="编号的种子 · seed of all ids")
    parser.add_argument(
        "--ticking", action="store_true", help="时钟自行走动 · let the clock run by itself"
    )
    return parser.parse_args()


def main() -> int:
    """Serve until SIGINT or SIGTERM. Returns 0, or 2 when it cannot or may not listen there."""
    # Blocked before the first thread starts, so that every thread leaves them to sigwait below.
    ends = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    try:
        stand_in = StandIn(**vars(_arguments()))
    except (ValueError, OSError) as error:
        sys.stderr.write(f"无法监听 · cannot listen: {error}\n")
        return 2
    with stand_in:
        urls = {"protocol": stand_in.url, "control": stand_in.control_url}
        sys.stdout.write(json.dumps(urls) + "\n")
        sys.stdout.flush()
        signal.sigwait(ends)
    return 0


if __name__ == "__main__":
    sys.exit(main())
