"""Client of the WeChat server API: log in with a code from the mini-program.

It speaks to WeChat and to nothing else, and knows no table, no request and no other feature.
`app.wechat.client` makes the calls, `app.wechat.refusals` names what can go wrong with them.
"""
