"""Two hundred strings that try to become more than text, in markup, addresses, templates, style sheets or the reading order."""

_RUN = "window.ran=1;document.title='ran'"

_BODIES = (
    f"<script>{_RUN}</script>",
    f"<ScRiPt src=data:text/javascript,{_RUN}></sCrIpT>",
    f'<img src=x onerror="{_RUN}">',
    f"<svg/onload={_RUN}>",
    f"<svg><animate onbegin={_RUN} attributeName=x dur=1s>",
    f'<iframe srcdoc="<script>parent.{_RUN}</script>"></iframe>',
    f"<details open ontoggle={_RUN}><summary>x</summary></details>",
    f"<input autofocus onfocus={_RUN}>",
    f"<video><source onerror={_RUN}></video>",
    f"<body onload={_RUN}>",
    f"<math><mtext><table><mglyph><style><img src=x onerror={_RUN}></style></mglyph></table></mtext></math>",
    "<link rel=stylesheet href=http://127.0.0.1:9/x.css>",
    "<meta http-equiv=refresh content=0;url=http://127.0.0.1:9/>",
    "<base href=http://127.0.0.1:9/>",
    "<style>*{display:none}@import 'http://127.0.0.1:9/y.css'</style>",
    f"<form action=javascript:{_RUN}><button autofocus>x</button></form>",
    f"<a href=javascript:{_RUN}>x</a>",
    "<object data=http://127.0.0.1:9/z></object>",
    f"x onmouseover={_RUN} autofocus onfocus={_RUN} x=",
    "<template><slot name=x></slot></template><!--",
)

_BREAKOUTS = ("", '">', "'>", "--></style></script></title>", "]]></svg></textarea>", '" ', "\\\"'`", "&lt;&#34;&#x3e;")

_OTHERS = (
    f"javascript:{_RUN}",
    f"JaVaScRiPt:{_RUN}",
    f"java\nscript:{_RUN}",
    f"\x01javascript:{_RUN}",
    f" javascript:{_RUN}",
    f"data:text/html,<script>{_RUN}</script>",
    "vbscript:msgbox(1)",
    f'https://a.example/" onclick="{_RUN}',
    f"https://a.example/'><script>{_RUN}</script>",
    "http://[",
    "http://user@evil.example@a.example/",
    "https://\u202emoc.live\u202c/",
    "//127.0.0.1:9/x",
    "file:///etc/passwd",
    "{{ 7*7 }}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
    "${7*7} #{7*7} <%= 7*7 %>",
    "{n} {0} {name!r} {share:pct} {{",
    "%s %(x)s %n",
    "\u202eflah rehto eht",
    "\u2066\u2067\u2068 isolates left open",
    "line\u2028separator\u2029paragraph",
    "null \0 byte",
    "\x1b[31mterminal\x1b[0m \x07",
    "\ufeff\u200b\u200d\u00ad zero width",
    "A" * 4_000,
    "쿠" * 1_000,
    "a\u0300\u0301\u0302" * 300,
    "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 60,
    "</style>*{background:url(http://127.0.0.1:9/bg)}",
    '";}*{display:none}@page{content:"',
    "expression(alert(1)) url(javascript:1) \\3c script\\3e ",
    "=cmd|' /C calc'!A0",
    "[x](javascript:1) ![i](http://127.0.0.1:9/i.png) <b>*_`|",
    "\r\nBcc: all@a.example\r\n\r\n<b>x</b>",
    "<!DOCTYPE html><!--[if IE]><script>x</script><![endif]-->",
    "&#106;avascript&colon;alert(1) &NewLine; &Tab;",
    '{"__proto__":{"ran":1}}',
    "datum.x; signal('y'); event.view.alert(1)",
    "' or 1=1; drop table core.review; --",
)

STRINGS = tuple(breakout + body for breakout in _BREAKOUTS for body in _BODIES) + _OTHERS

assert len(set(STRINGS)) == 200
