"""How a timeline looks, in light and dark; its colours are those of the page, held to the same contrast."""

from __future__ import annotations

from calendars.page_style import DARK, LIGHT, variables

SIZE = 12.0  # of labels, in pixels
SMALL = 11.0

STYLE = f"""
svg {{ color-scheme: light dark; {variables(LIGHT)} }}
@media (prefers-color-scheme: dark) {{ svg {{ {variables(DARK)} }} }}
@media print {{ svg {{ {variables(LIGHT)} }} }}
text {{
  font: {SIZE:g}px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "PingFang SC", "Microsoft YaHei",
    "Noto Sans CJK SC", sans-serif;
  fill: var(--ink); stroke: var(--paper); stroke-width: 3px; paint-order: stroke; stroke-linejoin: round;
}}
.shaded text {{ stroke: var(--shade); }}
.ground {{ fill: var(--paper); }}
.head {{ font-size: 20px; font-weight: 700; }}
.title {{ font-size: 13px; font-weight: 700; }}
.quiet {{ fill: var(--quiet); font-size: {SMALL:g}px; }}
.bold {{ font-weight: 700; }}
.warn {{ fill: var(--warn); font-weight: 700; }}
.middle {{ text-anchor: middle; }}
.end {{ text-anchor: end; }}
.band {{ fill: var(--shade); }}
.fine {{ stroke: var(--faint); stroke-width: 1; }}
.coarse {{ stroke: var(--line); stroke-width: 1; stroke-dasharray: 1 3; }}
.leader {{ stroke: var(--line); stroke-width: 1; }}
.window {{ fill: none; stroke: var(--line); stroke-width: 1.5; }}
.today {{ stroke: var(--warn); stroke-width: 2; }}
.hollow {{ fill: var(--paper); stroke: var(--accent); stroke-width: 2; }}
.dot, .full {{ fill: var(--accent); stroke: none; }}
.tick {{ fill: none; stroke: var(--paper); stroke-width: 1.8; }}
.cross {{ fill: none; stroke: var(--warn); stroke-width: 3; }}
.faded {{ fill: var(--paper); stroke: var(--line); stroke-width: 1.5; }}
.bad {{ fill: var(--warn); }}
.ring {{ fill: var(--warn-shade); stroke: var(--warn); stroke-width: 2; }}
.flag {{ fill: var(--paper); stroke: var(--quiet); stroke-width: 2; }}
.dashed {{ stroke-dasharray: 2 2; }}
.period {{ fill: var(--faint); stroke: var(--line); stroke-width: 1; }}
"""
