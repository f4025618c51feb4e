"""The page in a browser: reachable, readable, sortable, and asking for nothing outside itself."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from pybtex.database import parse_string

from reporter import pdf
from tests.browser import REFERENCES, chromium, rows, tab_to, write_everything
from tests.test_demo import pdf_text

WIDTHS = (360, 900, 1440)
COMPARED = "#tbl-compared"
STORED_ORDER = ["one", "none", "two", "low", "bad no result"]


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """Return the address of the page with one of everything."""
    return write_everything(tmp_path_factory.mktemp("screen")).as_uri()


@pytest.fixture
def visit(browser):
    """Return what opens an address in a fresh window of some width."""
    contexts = []

    def open_page(address, width=900, **settings):
        context = browser.new_context(
            viewport={"width": width, "height": 800}, reduced_motion="reduce", **settings
        )
        contexts.append(context)
        page = context.new_page()
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()


def violations(page):
    """Return what axe finds: the rule, and where."""
    found = Axe().run(page).response["violations"]
    return [
        (one["id"], node["target"], node["failureSummary"])
        for one in found
        for node in one["nodes"]
    ]


def is_shown(page, selector):
    return [element.is_visible() for element in page.locator(selector).all()]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_no_violation_in_everything(visit, everything, width, scheme):
    """Not at rest, not with values and contents unfolded, not with a figure enlarged."""
    page = visit(everything, width, color_scheme=scheme)
    assert violations(page) == []
    page.locator("summary").evaluate_all(
        "all => all.forEach((one) => { one.parentElement.open = true; })"
    )
    page.locator("th button").first.click()
    if width < 1000:
        page.locator(".toggle").click()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.locator(".enlarge").first.click()
    assert violations(page) == []
    assert page.locator("dialog [id]").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_no_violation_in_the_demo(visit, demo, width, scheme):
    """The real page, with all its figures."""
    assert violations(visit(demo.files[0].as_uri(), width, color_scheme=scheme)) == []


def test_axe_finds_no_violation_in_a_section_by_itself(visit, everything):
    """It has no cover and no contents, but a head that says of what it is a part."""
    page = visit(everything.replace("report.html", "section.html"))
    assert page.locator("h1").inner_text() == "A tiny report"
    assert page.locator("button", has_text="Theme").is_visible()
    assert violations(page) == []


def test_axe_finds_what_is_planted(visit, everything):
    """So the two tests above can fail."""
    page = visit(everything)
    page.evaluate("""() => {
        document.documentElement.removeAttribute("lang");
        document.querySelector("main img").removeAttribute("alt");
        document.querySelector("main p").style.color = "#ddd";
        document.querySelector("th button").replaceChildren();
        document.querySelector("main h2").outerHTML = "<h5>lower</h5>";
    }""")
    assert {rule for rule, *_ in violations(page)} >= {
        "html-has-lang",
        "image-alt",
        "color-contrast",
        "button-name",
        "heading-order",
    }


def test_a_missing_browser_skips_unless_it_is_required(monkeypatch):
    """On a reader's machine the tests of the page are left out, in CI they fail."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("REPORTER_BROWSER", raising=False)
    with pytest.raises(pytest.skip.Exception):
        chromium()
    monkeypatch.setenv("REPORTER_BROWSER", "required")
    with pytest.raises(pytest.fail.Exception):
        chromium()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_never_scrolls_sideways(visit, everything, demo, width):
    """What is wide scrolls in its own box, which takes the focus while it does."""
    for address in (everything, demo.files[0].as_uri()):
        page = visit(address, width)
        page.locator("details").evaluate_all("all => all.forEach((one) => { one.open = true; })")
        assert page.evaluate("document.documentElement.scrollWidth") == width
        page.wait_for_function("""() => [...document.querySelectorAll(".scroll, .equation")].every(
            (box) => (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight)
                === (box.tabIndex === 0))""")
    page = visit(everything, 360)
    assert page.locator("#tbl-one-wide .scroll").get_attribute("tabindex") == "0"


@pytest.mark.parametrize("width", [900, 1440])
def test_a_line_holds_65_to_75_characters(visit, demo, width):
    """On average over the long paragraphs of the text."""
    page = visit(demo.files[0].as_uri(), width)
    measured = page.locator(".chapter > p").evaluate_all("""all => all.map((p) => {
        const lines = p.clientHeight / parseFloat(getComputedStyle(p).lineHeight);
        return [p.innerText.length, lines - 0.5];
    }).filter(([, lines]) => lines > 3)""")
    assert len(measured) > 10
    assert 65 <= sum(n for n, _ in measured) / sum(lines for _, lines in measured) <= 75


def test_nothing_outside_the_page_is_asked_for(browser, demo, everything):
    """The document is the only request, with every figure enlarged or not."""
    context = browser.new_context()
    asked, said = [], []
    context.route("**/*", lambda route: (asked.append(route.request.url), route.continue_()))
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    for address in (demo.files[0].as_uri(), everything):
        page.goto(address)
        page.locator(".enlarge").first.click()
        page.keyboard.press("Escape")
    context.close()
    outside = [url for url in asked if not url.startswith("data:")]
    assert outside == [demo.files[0].as_uri(), everything]
    assert said == []


def test_no_other_script_runs_in_the_page(visit, everything):
    """The policy names the page's own script by its digest."""
    page = visit(everything)
    page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "document.title = 'taken over'";
        document.body.append(script);
    }""")
    assert page.title() == "A tiny report"


def test_everything_can_be_done_from_the_keyboard(visit, everything):
    """Skip, unfold contents, sort, unfold values, enlarge and come back."""
    page = visit(everything, 360)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "screen skip"
    tab_to(page, ".toggle")
    page.keyboard.press("Enter")
    assert page.locator(".toggle").get_attribute("aria-expanded") == "true"
    assert page.locator(".contents a").first.is_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.className") == "toggle"
    assert not page.locator(".contents a").first.is_visible()
    tab_to(page, "#fig-one .enlarge")
    page.keyboard.press("Enter")
    assert page.locator("dialog img").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("dialog").is_visible()
    assert page.evaluate("document.activeElement.matches('#fig-one .enlarge')")
    tab_to(page, "#fig-one summary")
    page.keyboard.press("Enter")
    assert page.locator("#fig-one .values table").is_visible()
    tab_to(page, f"{COMPARED} th:nth-child(2) button")
    page.keyboard.press("Enter")
    assert rows(page, COMPARED)[0] == "two"


def test_focus_is_seen(visit, everything):
    """What has the focus from the keyboard has an outline."""
    page = visit(everything)
    for selector in (".toggle", ".contents a", "h2 .link", ".enlarge", "summary", "th button"):
        tab_to(page, selector) if selector != ".contents a" else page.keyboard.press("Enter")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_skipping_leads_to_the_text(visit, everything):
    """The first Tab and Enter pass the contents by."""
    page = visit(everything)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "MAIN"


def test_a_table_is_sorted_by_value_and_a_third_press_restores_it(visit, everything):
    """9.5 ± 1.0 % comes before 9.95 %, what is missing stays last, equal rows keep their order.

    So do −2.5 before −1.5 and 1e−05 before 0.02, which their texts would put the other way round.
    """
    page = visit(everything)
    head = page.locator(f"{COMPARED} th:nth-child(2)")
    seen = []
    for _ in range(4):
        seen.append((head.get_attribute("aria-sort"), rows(page, COMPARED)))
        head.locator("button").click()
    assert seen == [
        (None, STORED_ORDER),
        ("ascending", ["two", "low", "one", "none", "bad no result"]),
        ("descending", ["one", "low", "two", "none", "bad no result"]),
        (None, STORED_ORDER),
    ]
    page.locator(f"{COMPARED} th:nth-child(3) button").click()
    assert rows(page, COMPARED) == ["low", "none", "two", "one", "bad no result"]
    assert head.get_attribute("aria-sort") is None
    page.locator(f"{COMPARED} th:nth-child(1) button").click()
    assert rows(page, COMPARED) == sorted(STORED_ORDER)
    for _ in range(2):
        page.locator("#tbl-one-wide th:nth-child(2) button").click()
        assert rows(page, "#tbl-one-wide") == ["row 0", "row 1", "row 2"]


def test_whatever_is_pressed_is_large_enough(visit, everything):
    """24 px each way, what a press beside the words reaches counted (WCAG 2.5.8)."""
    page = visit(everything, 360)
    sizes = page.evaluate("""() => {
        document.querySelectorAll("details").forEach((one) => { one.open = true; });
        const pressed = "main button, main summary, .bar button, .link";
        return [...document.querySelectorAll(pressed)].map((one) => {
            const { width, height } = one.getBoundingClientRect();
            const around = getComputedStyle(one, "before");
            if (around.position !== "absolute") return [one.textContent, width, height];
            const [left, right, top, bottom] = ["left", "right", "top", "bottom"].map(
                (side) => -parseFloat(around[side]));
            return [one.textContent, left + width + right, top + height + bottom];
        });
    }""")
    assert len(sizes) > 40
    assert [size for size in sizes if min(size[1:]) < 24] == []


def test_what_is_wide_scrolls_in_its_own_box(visit, everything):
    """At 320 px (WCAG 1.4.10) code keeps its lines, labels their words, and the page its width."""
    page = visit(everything, 320)
    widths = "document.documentElement.scrollWidth"
    assert page.evaluate(widths) == 320
    code = page.locator("pre.code").first
    assert code.evaluate("one => one.scrollWidth > one.clientWidth")
    assert code.get_attribute("tabindex") == "0"
    assert code.evaluate("one => getComputedStyle(one).whiteSpace") == "pre"


def test_a_link_in_an_enlarged_figure_leads_there(visit, everything):
    """The dialog closes, so that what it leads to is seen."""
    page = visit(everything)
    page.locator("#fig-one .enlarge").click()
    page.locator("dialog .origin a").click()
    assert not page.locator("dialog").is_visible()
    assert page.evaluate("location.hash") == "#run-one"
    assert 0 < page.locator("#run-one").bounding_box()["y"] < 800


def test_a_picture_by_itself_is_enlarged(visit, everything):
    """One that an author inserted between paragraphs, under its own words."""
    page = visit(everything)
    page.locator("button[aria-label='Enlarge A red square']").click()
    assert page.locator("dialog img[alt='A red square']").is_visible()
    assert page.locator("dialog").get_attribute("aria-label") == "A red square"


def test_the_theme_is_the_systems_until_it_is_chosen_and_then_kept(visit, everything):
    """System, light, dark; the next visit finds the choice, and paper stays light."""
    page = visit(everything, color_scheme="dark")
    theme = page.locator("button", has_text="Theme")
    back = "getComputedStyle(document.documentElement).backgroundColor"
    night = page.evaluate(back)
    theme.click()
    assert theme.inner_text() == "Theme: light"
    day = page.evaluate(back)
    assert day != night
    page.reload()
    assert (theme.inner_text(), page.evaluate(back)) == ("Theme: light", day)
    theme.click()
    page.emulate_media(color_scheme="light")
    assert (theme.inner_text(), page.evaluate(back)) == ("Theme: dark", night)
    theme.click()
    assert (theme.inner_text(), page.evaluate(back)) == ("Theme: system", day)


def test_contents_mark_the_section_that_is_read(visit, demo):
    """Wherever the reader goes, by link or by scrolling."""
    page = visit(demo.files[0].as_uri(), 1440)
    current = page.locator(".contents [aria-current]")
    assert current.count() == 0
    for name in ("Saliency", "Training", "References"):
        page.locator(".contents a", has_text=name).first.click()
        page.wait_for_function(
            "name => document.querySelector('[aria-current]')?.innerText.endsWith(name)", arg=name
        )
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.wait_for_function("() => document.querySelector('[aria-current]').hash === '#appendix'")
    assert current.count() == 1


@pytest.mark.parametrize(("width", "is_beside"), [(360, False), (900, False), (1440, True)])
def test_contents_stand_beside_the_text_where_there_is_room(visit, everything, width, is_beside):
    """Elsewhere they are a bar above it; they never cover each other, at any place of the page."""
    page = visit(everything, width)
    for place in (0, 0.5, 1):
        page.evaluate("share => scrollTo(0, share * document.body.scrollHeight)", place)
        nav, text = (page.locator(one).bounding_box() for one in (".contents", "main"))
        assert (nav["x"] + nav["width"] < text["x"]) == is_beside
        assert is_beside or nav["height"] < 60
        assert -1 <= nav["y"] < 120
    assert (page.locator(".toggle").is_visible(), page.locator(".contents ol").is_visible()) == (
        not is_beside,
        is_beside,
    )


def test_the_marked_section_stays_in_sight_where_contents_are_long(visit, everything):
    """The list scrolls by itself, and the page does not move."""
    page = visit(everything, 1440)
    page.set_viewport_size({"width": 1440, "height": 180})
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.locator("[href='#appendix'][aria-current]").wait_for()
    assert page.evaluate("""() => {
        const [link, list] = ["[aria-current]", ".contents ol"].map(
            (selector) => document.querySelector(selector).getBoundingClientRect());
        return list.top <= link.top && link.bottom <= Math.min(list.bottom, innerHeight);
    }""")


def test_motion_is_reduced_for_who_asks(browser, everything):
    """Smooth scrolling only for those who do not mind."""
    how = "getComputedStyle(document.documentElement).scrollBehavior"
    for preference, expected in (("reduce", "auto"), ("no-preference", "smooth")):
        page = browser.new_page(reduced_motion=preference)
        page.goto(everything)
        assert page.evaluate(how) == expected
        page.close()


def test_sections_and_references_can_be_copied(visit, everything):
    """A section's address, and the BibTeX of an entry as pybtex reads it."""
    page = visit(everything)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("h3 .link").first.focus()
    page.keyboard.press("Enter")
    page.locator(".status", has_text="Link copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == f"{everything}#sec-more"
    page.locator("#ref-he2016 button").click()
    page.locator(".status", has_text="BibTeX copied").wait_for()
    copied = parse_string(page.evaluate("navigator.clipboard.readText()"), "bibtex")
    assert copied == parse_string(REFERENCES, "bibtex")


def test_what_a_link_leads_to_is_marked(visit, everything):
    """A heading, a figure."""
    for target, marked in (("sec-more", "h3:has(#sec-more)"), ("fig-one", "#fig-one")):
        page = visit(f"{everything}#{target}")
        colour = "one => getComputedStyle(one).backgroundColor"
        assert page.locator(marked).evaluate(colour) == "rgb(255, 244, 194)"


def test_without_script_the_page_is_whole(visit, everything):
    """Contents, tables and values are there; no button promises what would not happen."""
    page = visit(everything, java_script_enabled=False)
    assert all(is_shown(page, ".contents a"))
    assert page.locator("button").count() == 0
    page.locator("#fig-one summary").click()
    assert page.locator("#fig-one .values table").is_visible()
    assert rows(page, COMPARED) == STORED_ORDER


def test_from_a_browser_the_page_prints_as_text_alone(visit, everything):
    """Heads of tables stay; contents, buttons, values and links of headings do not."""
    page = visit(everything, 1440)
    page.emulate_media(media="print")
    assert page.locator(f"{COMPARED} th").nth(1).inner_text() == "test accuracy"
    gone = ".contents, .bar, .enlarge, .values, .link, .skip, .references button, dialog"
    assert not any(is_shown(page, gone))


def test_what_is_for_screens_is_not_on_paper(everything, tmp_path):
    """The PDF has neither the link that skips nor the values below figures."""
    from pathlib import Path
    from urllib.parse import unquote, urlparse

    html = Path(unquote(urlparse(everything).path)).read_text()
    (tmp_path / "report.pdf").write_bytes(pdf.render(html))
    text = pdf_text(tmp_path / "report.pdf")
    assert "Everything" in text
    assert "Skip" not in text
    assert "Values" not in text.replace("Valuesmissing", "")  # of a run that failed
