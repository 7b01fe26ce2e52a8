"""What a person with a screen reader, a keyboard or weak eyes needs, asked of the living page."""

from pathlib import Path

from playwright.async_api import Page

_HERE = Path(__file__).parent
_NAMES = (_HERE / "accessibility.js").read_text(encoding="utf-8")
_CONTRAST = (_HERE / "contrast.js").read_text(encoding="utf-8")


async def problems(page: Page) -> list[str]:
    found: list[str] = await page.evaluate(_NAMES)
    faint: list[str] = await page.evaluate(_CONTRAST)
    return found + [f"contrast {one}" for one in faint]


async def overflow(page: Page) -> int:
    """How many pixels stick out of the page to the right."""
    wide: int = await page.evaluate(
        "Math.max(document.documentElement.scrollWidth, document.body.scrollWidth) - innerWidth"
    )
    return wide
