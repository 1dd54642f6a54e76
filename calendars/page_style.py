"""How the page looks: light, dark and printed, from 320 pixels to a desk's width, on A4 and on US Letter.

Colours are the palette's alone, and a test holds the pairs in use to WCAG 2.2 AA. On paper every sign is drawn by its
border: browsers leave backgrounds out to save ink.
"""

from __future__ import annotations

from collections.abc import Mapping

LIGHT = {
    "paper": "#ffffff",
    "ink": "#16191c",
    "quiet": "#50575d",
    "line": "#767d83",
    "faint": "#d9dde0",
    "shade": "#f3f5f6",
    "accent": "#0a5566",
    "on-accent": "#ffffff",
    "warn": "#7a3300",
    "warn-shade": "#fff3e0",
}
DARK = {
    "paper": "#14181b",
    "ink": "#eef1f3",
    "quiet": "#b4bcc2",
    "line": "#89929a",
    "faint": "#343b41",
    "shade": "#1d2327",
    "accent": "#86d4e6",
    "on-accent": "#05222a",
    "warn": "#ffc08a",
    "warn-shade": "#33230f",
}
# Text on its ground (4.5 : 1), and what is no text but must be seen (3 : 1): WCAG 2.2, 1.4.3 and 1.4.11.
TEXT_ON = (
    ("ink", "paper"),
    ("ink", "shade"),
    ("quiet", "paper"),
    ("quiet", "shade"),
    ("accent", "paper"),
    ("accent", "shade"),
    ("on-accent", "accent"),
    ("warn", "paper"),
    ("warn", "shade"),
    ("warn", "warn-shade"),
    ("ink", "warn-shade"),
    ("quiet", "warn-shade"),
)
SEEN_ON = (("line", "paper"), ("line", "shade"), ("accent", "paper"), ("warn", "warn-shade"))


def variables(palette: Mapping[str, str]) -> str:
    """A palette as the custom properties of a style sheet."""
    return " ".join(f"--{name}: {colour};" for name, colour in palette.items())


STYLE = (
    f"""
:root {{ color-scheme: light dark; {variables(LIGHT)} }}
@media (prefers-color-scheme: dark) {{ :root {{ {variables(DARK)} }} }}
""".strip()
    + """
* { box-sizing: border-box; }
html { background: var(--paper); color: var(--ink); -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: .75rem; max-width: 60rem; line-height: 1.4; overflow-wrap: break-word;
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "PingFang SC", "Microsoft YaHei",
    "Noto Sans CJK SC", sans-serif;
}
h1 { margin: 0; font-size: 2rem; line-height: 1.15; }
h2 { margin: 0 0 .5rem; font-size: 1.3rem; line-height: 1.2; break-after: avoid; }
h3 { margin: 0; font-size: 1.05rem; line-height: 1.25; }
p { margin: 0; }
ul, ol { margin: 0; padding: 0; list-style: none; }
header { border-bottom: 2px solid var(--accent); padding-bottom: .75rem; margin-bottom: 1.25rem; }
.as-of { color: var(--quiet); margin-top: .25rem; }
dl { margin: .75rem 0 0; display: grid; gap: .5rem 2rem; align-items: start; }
dl > div { display: flex; gap: .75rem; align-items: baseline; }
dt { color: var(--quiet); flex: none; }
dd { margin: 0; flex: 1; font-weight: 600; line-height: 1.6; }
.site { display: block; }
.write {
  display: inline-block; min-width: 8rem; width: 100%; height: 1.5em; border-bottom: 1px solid var(--line);
  vertical-align: bottom;
}
section { margin-bottom: 1.75rem; }
.month, .later { border-top: 1px solid var(--faint); padding-top: 1rem; }
.gap { color: var(--quiet); margin-bottom: 1rem; }

.unsettled { border: 2px solid var(--warn); border-radius: .4rem; padding: .75rem; background: var(--warn-shade); }
.warning { color: var(--warn); font-weight: 600; }
.keeping { display: grid; gap: .4rem; }
.keeping li { display: grid; grid-template-columns: 1.6rem 1fr; column-gap: .5rem; align-items: baseline; }
.keeping .when { grid-column: 2; color: var(--quiet); }
.keeping bdi { font-weight: 600; }
.letter {
  border: 1px solid var(--line); border-radius: .2rem; text-align: center; font-size: .85rem; line-height: 1.4rem;
  height: 1.5rem;
}
.bullet { text-align: center; color: var(--quiet); }

.grid { border-collapse: collapse; table-layout: fixed; width: 100%; }
.grid th { font-size: .8rem; font-weight: 600; color: var(--quiet); padding: .2rem 0; }
.grid td { border: 1px solid var(--faint); height: 3.4rem; padding: .1rem; vertical-align: top; }
.grid .blank { border: 0; }
.grid .weekend { background: var(--shade); }
.grid .number { display: block; font-size: .8rem; line-height: 1.2; color: var(--quiet); }
.grid .marked .number { font-weight: 700; color: var(--ink); }
.letters { display: block; font-size: .65rem; line-height: 1.3; color: var(--quiet); }
.mark {
  display: block; margin-bottom: .1rem; border: 1.5px solid transparent; border-radius: .25rem;
  font-size: .62rem; letter-spacing: -.01em; font-weight: 700; line-height: 1.35; text-align: center;
  overflow-wrap: anywhere;
}
.mark.booked { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
.mark.planned { border: 1.5px dashed var(--accent); color: var(--accent); background: var(--paper); }
.mark.open { border: 1.5px dotted var(--warn); color: var(--warn); background: var(--paper); }
.mark.done, .mark.missed { color: var(--quiet); font-size: 1rem; line-height: 1.1; }

.visits { display: grid; gap: .75rem; align-content: start; }
.visit { border-left: 4px solid transparent; padding-left: .6rem; }
.visit.booked { border-left-color: var(--accent); }
.visit.planned { border-left: 4px dashed var(--accent); }
.visit.open { border-left: 4px dotted var(--warn); }
.visit.done h3, .visit.missed h3 { font-weight: 500; }
.activities { font-size: .92rem; color: var(--quiet); }
.activities li { display: inline; }
.activities li + li::before { content: " · "; }

.reading { color: var(--quiet); font-size: .92rem; }
.reading h2 { font-size: 1rem; color: var(--ink); }
.legend { display: flex; flex-wrap: wrap; gap: .4rem 1.25rem; margin-bottom: .6rem; }
.legend .mark { display: inline-block; min-width: 2.6rem; padding: 0 .3rem; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.side-by-side { display: grid; gap: 1rem; align-items: start; }

@media (min-width: 46rem) {
  body { padding: 1.5rem; }
  .grid td { height: 4rem; padding: .2rem; }
  .mark { font-size: .8rem; letter-spacing: 0; border-width: 2px; }
  .letters { font-size: .72rem; }
  dl { grid-template-columns: 2fr 3fr; }
  .side-by-side { grid-template-columns: 7fr 6fr; gap: 2rem; }
  .keeping, .later .visits, .unsettled .visits { grid-template-columns: 1fr 1fr; column-gap: 2rem; }
}
@media print {
  """
    + f":root {{ color-scheme: light; {variables(LIGHT)} }}"
    + """
  @page { margin: 12mm 12mm 14mm; @bottom-right { content: counter(page) " / " counter(pages); font: 9pt sans-serif; } }
  html { font-size: 10pt; }
  body { max-width: none; padding: 0; line-height: 1.3; }
  dl { grid-template-columns: 2fr 3fr; }
  section { margin-bottom: 5mm; }
  .month, .visit, .keeping li, .unsettled, .reading { break-inside: avoid; }
  .month, .later { padding-top: 3mm; }
  .side-by-side { grid-template-columns: 7fr 6fr; gap: 6mm; align-items: stretch; }
  .full .side-by-side { align-items: start; }
  .keeping, .later .visits, .unsettled .visits { grid-template-columns: 1fr 1fr; column-gap: 8mm; }
  .visits { gap: 1.8mm; }
  .grid td { height: 11mm; border-color: var(--line); }
  .grid .weekend { background: none; }
  .mark { font-size: 7.5pt; letter-spacing: 0; }
  .mark.done, .mark.missed { font-size: 10pt; }
  .letters { font-size: 6.5pt; }
  .mark.booked { background: none; color: var(--ink); border: 2.5pt solid var(--ink); }
  .mark.planned { color: var(--ink); border: 1pt dashed var(--ink); }
}
"""
)
