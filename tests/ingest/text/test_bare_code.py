"""JavaScript and CSS without tags, and prose that looks a little like them."""

import pytest

from sracl_core.ingest.text.bare_code import code_kind

SCRIPTS = [
    "var aPageStart = (new Date()).getTime();",
    "var aPageStart = (new Date()).getTime();\nvar ue_t0=ue_t0||+new Date();",
    'var pageStart = (new Date()).getTime(); if (ue) { ue.tag("x") }',
    "\n\n  var ue_t0=ue_t0||+new Date();\n\n\nwindow.ue_ihb = (window.ue_ihb || window.ueinit || 0) + 1;",
    "window.ue_ihb = (window.ue_ihb || window.ueinit || 0) + 1;\nif (window.ue_ihb === 1) {\n\nvar ue_csm = window,",
    "window.ue_csm = window.ue_csm || {};",
    "(function(e){var a={},c=0,b=false;a.markAF=function(){b=true;}})(ue_csm);",
    "function f(a, b) { return a + b; }",
    'if (typeof uet == "function") { uet("bb", "atf", {wb: 1}); }',
    "P.when('A', 'ready').execute(function(A) { A.trigger('x'); });",
    "try { ue.count('a b c d e f g h', 1); } catch (e) {}",
    "/* (c) the makers of this fine and small script */ let x = {a: 1};\n// and a note for all who read it\nf(x);",
    "$('#a').hide();",
    "'use strict'; { f(1); }",
    "document.title = 'How to cook, eat and live well in summer';",
]

SHEETS = [
    ".price-box{background-color:#fff;border:1px solid}",
    ".a-box-inner{background-color:#fff}#alohaBuyBoxWidget .selected{background-color:#fffbf3;border-color:#e77600;}",
    "#a, .b > .c:hover { color: red } @media (max-width: 9px) and (color) { p { margin: 0 } }",
    "div.aplusAnnotate {font-family: Arial; font-size: 13px;}div.aplusAcontentHead {color:#CC66",
    "body{margin:0}",
    "/* boxes */ .a{-webkit-transition:all 1s}",
    "@import url(x.css); .a{color:red}",
]

PROSE = [
    "",
    "JavaScript: The Good Parts",
    "var, let and const explained",
    "let it = be",
    "C++ {Primer} ; a guide",
    "Pens; (set of 12) {blue}",
    "Pens {color: blue}; set of 12",
    "a {color: blue} pen",
    "M6x1.0 bolt",
    "Size: 10; Color: Red",
    "ASP.NET(C#) in Action",
    "Node.js (2nd edition); with code",
    "document.write (the book)",
    "if (you) {love} me",
    "function (a novel)",
    "Function keys (F1); {set}",
    ".45 {caliber: ACP} ammo box",
    "#1 Dad Mug {color: white; size: 11 oz}",
    "var x = 5; is how a number gets its name in JavaScript, and chapter 1 of this book explains why.",
    "Learn to write document.title = 'x'; and much more.",
    ".price-box{background-color:#fff} Great pens for school",
    ".a{color:red} $12.99",
    "Great Pen var aPageStart = (new Date()).getTime();",
    "$(12.99); {two}",
    "var pens = blue, red, green; ink, gel, felt; caps, clips, cases",
    "var a=(b||c)&&d(e[0]);var f=(g||h)&&i(j[1]);var k=l(); makes every page load in half the time",
]


@pytest.mark.parametrize("text", SCRIPTS)
def test_scripts(text: str) -> None:
    assert code_kind(text) == "script"


@pytest.mark.parametrize("text", SHEETS)
def test_style_sheets(text: str) -> None:
    assert code_kind(text) == "style sheet"


@pytest.mark.parametrize("text", PROSE)
def test_prose(text: str) -> None:
    assert code_kind(text) is None
