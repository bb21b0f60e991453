"""axe-core over the page that a person looks at, in light and in dark."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

_SCRIPT = Path(__file__).parent / "vendor" / "axe.min.js"
_RUN = """async () => {
    // A colour on its way from one theme to the other is neither.
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    await Promise.allSettled(document.getAnimations().map(each => each.finished));
    return axe.run(document, {
        runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
        resultTypes: ["violations"],
    });
}"""


@cache
def _script() -> str:
    return _SCRIPT.read_text()


def findings(page: Page, name: str) -> list[str]:
    """What axe-core has against the page, each as one line that says where and why.

    The page's browser has to ignore the Content-Security-Policy (``bypass_csp``), or
    axe could not be brought into it.
    """
    page.evaluate(_script())
    found = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]  # both are themes
        result: dict[str, Any] = page.evaluate(_RUN)
        found += [
            f"{name} ({theme}): {each['id']}: {' '.join(node['target'])}: {_why(node)}"
            for each in result["violations"]
            for node in each["nodes"]
        ]
    return found


def _why(node: dict[str, Any]) -> str:
    checks = [*node["any"], *node["all"], *node["none"]]
    return "; ".join(check["message"] for check in checks)[:300]
