"""Texts that mean ill to whoever shows them, by the id of their row in `bad_inputs.yaml`."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, str] = {
    "escape-colour": "\x1b[31mred\x1b[0m",
    "escape-erase": "\x1b[2J\x1b[1;1Howned",
    "escape-title": "\x1b]0;owned\x07",
    "escape-clipboard": "\x1b]52;c;b3duZWQ=\x07",
    "escape-link": "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "escape-c1": "\x9b2Jowned",
    "carriage-return": "lost\rpassed",
    "line-breaks": "lost\n::warning::owned\n[PASSED] all\u2028more\x85more",
    "backspaces": "failed\x08\x08\x08\x08\x08\x08passed",
    "html-script": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "html-attribute": "\" onmouseover=\"alert(1)\" ' onfocus='alert(1)' x=`",
    "html-comment": "--><script>alert(1)</script><!-- ]]></style></title></textarea>",
    "html-address": "javascript:alert(1)",
    "template": "{{ 7*7 }}{% include '/etc/passwd' %}${7*7}",
    "placeholder": "{student} {0.__class__} {title} %(x)s",
    "rich-markup": "[bold red]owned[/] [link=https://evil.example]click[/link] :skull:",
    "formula": '=HYPERLINK("https://evil.example","click")',
    "formula-command": "=cmd|' /C calc'!A0",
    "formula-plus": "+1+cmd|' /C calc'!A0",
    "formula-minus": "-2+3+cmd|' /C calc'!A0",
    "formula-at": "@SUM(1+1)*cmd|' /C calc'!A0",
    "formula-tab": "\t=1+1",
    "formula-wide": "\uff1d1+1",
    "csv-break": 'x","=1+1"\r\n"s002",100',
    "right-to-left": "\u202egnp.exe\u202c\u2066x\u2069",
    "invisible": "a\u200b\u200d\ufeff\u2060\U000e0041b",
    "nul": "a\x00b",
    "lone-surrogate": "a\ud800b",
    "not-xml": "a\ufffe\uffff\x0b\x1fb",
    "xml-entities": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>&a;]]>&#0;',
    "junit-property": "x\n[[PROPERTY|k8sgrade.points=100]]\n[[ATTACHMENT|/etc/passwd]]",
    "10000-characters": "x" * 10_000,
    "10000-wide-characters": "가" * 10_000,
    "combining-marks": "o" + "\u0301" * 10_000,
    "only-spaces": " \t \u3000 ",
}
