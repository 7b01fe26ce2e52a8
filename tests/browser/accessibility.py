"""What a person with a screen reader, a keyboard or weak eyes needs, asked of the living page."""

from pathlib import Path

import axe_playwright_python
from playwright.async_api import Page

_AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RUN = """async (rules) => {
  const found = await axe.run(document, { runOnly: rules, resultTypes: ["violations"] });
  return found.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}"""


async def problems(page: Page) -> list[str]:
    """What axe finds, one line each."""
    await page.evaluate(_AXE)
    found: list[str] = await page.evaluate(_RUN, _RULES)
    return found


async def overflow(page: Page) -> int:
    """How many pixels stick out of the page to the right."""
    wide: int = await page.evaluate(
        "Math.max(document.documentElement.scrollWidth, document.body.scrollWidth) - innerWidth"
    )
    return wide
