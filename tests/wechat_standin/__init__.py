"""A stand-in for https://api.weixin.qq.com on loopback, for tests and for the demo.

The real client talks to it over a real socket. The protocol port speaks only what the vendor's host
speaks; the control port plays the part of the user (`wx.login`), of time and of bad luck.
Every call lies in memory and every id follows from the seed. It shares no code with the backend,
since one mistake would then prove the other.

A path of the protocol is one module with a table `ENDPOINTS`, added up in `paths.py`.

What is assumed, and to be corrected once it is seen on the real host:

| where | assumed |
|---|---|
| every path | the order of checks; a missing argument is 41008, a wrong grant type 40002 |
| `/sns/jscode2session` | content type text/plain; a code of 300 s sharp is still good |
| `/sns/jscode2session` | a spent code answers 40163 even when it is older than 300 s |
| `/sns/jscode2session` | 45011 counts the last 60 s of the user who asked for the code |
| `/sns/jscode2session` | 40226 does not spend the code |
| `/sns/jscode2session` | session_key changes with the 3rd, 5th, 7th ... login |
"""

from tests.wechat_standin.remote import Control
from tests.wechat_standin.server import StandIn

__all__ = ["Control", "StandIn"]
