"""What can be measured of a page's accessibility: contrast, names, structure (WCAG 2.2, level AA)."""

from __future__ import annotations

from typing import Any

from selenium.webdriver import Chrome

# Success criteria 1.4.3 (contrast), 3.1.1 (language), 2.4.6 and 1.3.1 (headings, labels, headers), 1.4.10 (reflow).
_FINDINGS = """
const lum = c => { const v = c.map(x => x / 255).map(x => x <= .03928 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4);
  return .2126 * v[0] + .7152 * v[1] + .0722 * v[2]; };
const rgb = s => s.match(/[\\d.]+/g).map(Number);
const ground = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
  if (c.length < 4 || c[3] > 0) return c.slice(0, 3); } return [255, 255, 255]; };
const found = [];
for (const e of document.querySelectorAll('body *')) {
  const text = [...e.childNodes].filter(n => n.nodeType === 3).map(n => n.data.trim()).join('');
  if (!text) continue;
  const [a, b] = [lum(rgb(getComputedStyle(e).color).slice(0, 3)), lum(ground(e))].sort((x, y) => y - x);
  const ratio = (a + .05) / (b + .05);
  if (ratio < 4.5) found.push(`contrast ${ratio.toFixed(2)} of "${text.slice(0, 30)}"`);
}
for (const e of document.querySelectorAll('input:not([type=hidden]), select, textarea'))
  if (!e.labels.length) found.push(`no label: ${e.name}`);
for (const e of document.querySelectorAll('button')) if (!e.innerText.trim()) found.push('a button without a name');
if (document.querySelectorAll('h1').length !== 1) found.push('not one h1');
if (!document.documentElement.lang) found.push('no language');
if (!document.title) found.push('no title');
for (const e of document.querySelectorAll('th')) if (e.scope !== 'col') found.push('a header without a scope');
if (document.documentElement.scrollWidth > innerWidth) found.push('the page scrolls sideways');
return found;
"""


def findings(chromium: Chrome) -> list[str]:
    """What is wrong with the page that is shown; empty where nothing is."""
    found: Any = chromium.execute_script(_FINDINGS)
    return [str(one) for one in found]


def lightness(chromium: Chrome) -> float:
    """The luminance of the page's ground, 1 for white."""
    script = """const v = getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g).map(Number);
return (v[0] + v[1] + v[2]) / 765;"""
    return float(chromium.execute_script(script))
