"""Names of HTML elements and attributes, and of CSS properties, that tell markup and code from prose."""


def _names(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# Nothing in these is text of the page.
HIDDEN = _names("script style template noscript")
# A parser moves, holds back or swallows text beside a tag of these when the page round it isn't there.
UNSETTLED = _names(
    "html head body frameset frame table caption colgroup col thead tbody tfoot tr td th select option optgroup "
    "plaintext textarea title xmp listing iframe noembed noframes svg math"
)
ELEMENTS = (
    HIDDEN
    | UNSETTLED
    | _names(
        "a abbr acronym address applet area article aside audio b base basefont bdi bdo bgsound big blink blockquote "
        "br button canvas center cite code data datalist dd del details dfn dialog dir div dl dt em embed fieldset "
        "figcaption figure font footer form h1 h2 h3 h4 h5 h6 header hgroup hr i image img input ins kbd label legend "
        "li link main map mark marquee menu meta meter nav nobr object ol output p param picture pre progress q rb rp "
        "rt rtc ruby s samp search section slot small source spacer span strike strong sub summary sup time track tt "
        "u ul var video wbr"
    )
)
# The elements of other languages that Word writes into HTML.
FOREIGN = ("o:", "w:", "m:", "v:", "x:", "st1:")
# Attributes that stand without a value; any other word in a tag without "=" is a word: "if a <b and c> d".
BARE_ATTRIBUTES = _names(
    "allowfullscreen async autofocus autoplay border checked clear compact controls default defer disabled download "
    "hidden ismap itemscope loop multiple muted nohref noresize noshade novalidate nowrap open playsinline readonly "
    "required reversed selected"
)
# Properties with which rules begin; enough to know a style sheet by.
PROPERTIES = _names(
    "animation background background-clip background-color background-image background-position background-repeat "
    "background-size border border-bottom border-bottom-color border-collapse border-color border-left border-radius "
    "border-right border-spacing border-style border-top border-top-color border-width bottom box-shadow box-sizing "
    "clear clip color content cursor direction display fill filter flex flex-direction float font font-family "
    "font-size font-style font-weight height justify-content left letter-spacing line-height list-style "
    "list-style-type margin margin-bottom margin-left margin-right margin-top max-height max-width min-height "
    "min-width opacity order outline overflow overflow-x overflow-y padding padding-bottom padding-left padding-right "
    "padding-top position right src table-layout text-align text-decoration text-indent text-overflow text-shadow "
    "text-transform top transform transition unicode-bidi vertical-align visibility white-space width word-break "
    "word-wrap z-index zoom"
)
