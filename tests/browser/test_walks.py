"""What people do, by keyboard alone, with and without scripts."""

import io
import os
from pathlib import Path

import pytest
from PIL import Image

from browser.conftest import PASSWORD
from browser.test_pages import entry_path, grave
from tutela.demo.originals import originals

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
wants_pictures = pytest.mark.skipif(not os.environ.get("TUTELA_PICTURES"), reason="asked for by TUTELA_PICTURES=1")


@pytest.fixture
def picture(tmp_path):
    """A known photograph after an edit."""
    path = tmp_path / "harbour at noon.jpg"
    Image.open(originals()[0]).convert("RGB").resize((480, 360)).save(path, quality=70)
    return path


def tab_to(page, condition, most=80):
    """Press Tab until what has the focus is what is looked for, and is seen to have it."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate(f"() => {{ const one = document.activeElement; return Boolean({condition}); }}"):
            outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none" or page.evaluate("() => document.activeElement.type === 'file'")
            return
    raise AssertionError(f"no way there by keyboard: {condition}")


@pytest.mark.parametrize("scripts", [True, False])
def test_signing_in_and_out_by_keyboard(opened, scripts):
    page = opened(None, scripts=scripts)
    page.goto("/lists")
    assert "/sign-in" in page.url
    page.locator("#f-name").focus()
    page.keyboard.type("mara")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("main h1:text-is('Lists')")
    if scripts:  # without them nothing tells what has the focus
        tab_to(page, "one.textContent.trim() === 'Sign out'")
        page.keyboard.press("Enter")
    else:
        page.click("text=Sign out")
    page.wait_for_selector("#f-password")
    assert page.locator("[role=status]").inner_text() == "You are signed out."


def test_the_first_tab_skips_the_navigation(opened):
    page = opened()
    page.goto("/lists")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.getAttribute('href')") == "#main"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.querySelector('main').contains(document.activeElement)")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_picture_is_matched(opened, picture, scripts):
    page = opened(scripts=scripts)
    page.goto("/match")
    page.set_input_files("#file", picture)
    if not scripts:
        page.locator("form:has(#file) button").first.click()
    page.wait_for_selector("#finding")
    told = page.locator("main").inner_text()
    assert "harbour at noon.jpg" in told
    assert "demo-known" in told
    if scripts:
        assert grave(page) == []


def test_values_are_looked_up_by_keyboard(opened):
    page = opened()
    page.goto("/match")
    page.locator("textarea").focus()
    page.keyboard.type(f"md5 {7:032x}")
    tab_to(page, "one.tagName === 'BUTTON'")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=thousands")


def test_an_entry_is_found_and_its_labels_changed_by_keyboard(server, opened):
    page = opened()
    page.goto("/lists/demo-known")
    key = server.store.page("demo-known").entries[0].entry.key
    tab_to(page, f"one.tagName === 'A' && one.textContent.trim() === '{key}'", 120)
    page.keyboard.press("Enter")
    page.wait_for_url("**/entry?key=**")
    tab_to(page, "one.name === 'labels'")
    page.keyboard.press("Control+A")
    page.keyboard.type("lake, boats")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Saved.")
    assert server.store.entry("demo-known", key).entry.labels == ("boats", "lake")


def test_pages_of_thousands_follow_each_other(opened):
    page = opened()
    page.goto("/lists/thousands")
    first = page.locator("tbody th").first.inner_text()
    page.click("[rel=next]")
    page.wait_for_load_state()
    assert page.locator("tbody th").first.inner_text() > first


def test_a_theme_is_chosen_and_kept(opened):
    page = opened()
    page.goto("/lists")
    before = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    page.click(".themes >> text=Dark")
    page.wait_for_load_state()
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") != before
    page.goto("/jobs")
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") != before
    page.click(".themes >> text=System")


@wants_pictures
def test_pictures_for_the_readme(server, opened, picture):
    for name, path in (("overview", "/"), ("match", "/match"), ("entry", entry_path(server))):
        page = opened(width=1280)
        page.goto(path)
        if name == "match":
            page.set_input_files("#file", picture)
            page.wait_for_selector("#finding")
        page.wait_for_load_state("networkidle")
        shot = Image.open(io.BytesIO(page.screenshot()))
        shot.convert("P", palette=Image.Palette.ADAPTIVE, colors=128).save(
            PICTURES / f"console-{name}.png", optimize=True
        )
