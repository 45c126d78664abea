"""Charts of what was published, as SVG: when orders come in, and what each week brought."""

import sys
import tempfile
from html import escape
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from engines import DuckEngine  # noqa: E402
from lake import FolderStore, Lake  # noqa: E402
from steps import TABLES  # noqa: E402

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
INK, QUIET = "#1d2733", "#5d6b7a"


def page(width: int, height: int, title: str, note: str, body: list[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12" fill="{INK}" role="img" aria-label="{escape(title)}">'
    words = f'<rect width="100%" height="100%" fill="#fff"/><text x="16" y="26" font-size="16" font-weight="bold">{escape(title)}</text><text x="16" y="44" fill="{QUIET}">{escape(note)}</text>'
    return "\n".join([head, words, *body, "</svg>\n"])


def heat_map(cells: list[tuple[int, int, int, int]], note: str) -> str:
    """Orders in an hour of the week; each cell also says its number, for whoever does not see the shade."""
    rate = {(weekday, hour): orders * 2 / half_hours for weekday, hour, orders, half_hours in cells}
    busiest = max(rate.values(), default=1) or 1
    hours = sorted({hour for (_, hour), orders in rate.items() if orders > 0}) or [0]
    hours = list(range(hours[0], hours[-1] + 1))
    body = []
    for column, hour in enumerate(hours):
        body.append(f'<text x="{74 + column * 46}" y="72" text-anchor="middle">{hour:02}</text>')
    for row in range(7):
        body.append(f'<text x="16" y="{100 + row * 32}">{WEEKDAYS[row]}</text>')
        for column, hour in enumerate(hours):
            orders = rate.get((row + 1, hour), 0)
            share = orders / busiest
            body.append(f'<rect x="{52 + column * 46}" y="{80 + row * 32}" width="44" height="30" fill="#0b5cad" fill-opacity="{0.05 + 0.95 * share:.2f}"/>')
            body.append(f'<text x="{74 + column * 46}" y="{99 + row * 32}" text-anchor="middle" fill="{"#fff" if share > 0.45 else INK}">{orders:.0f}</text>')
    return page(70 + len(hours) * 46, 320, "Orders an hour, by weekday and hour", note, body)


def weeks(rows: list[tuple[int, int]], note: str) -> str:
    top = max((minor for _, minor in rows), default=1) or 1
    width = 900
    step = (width - 110) / max(len(rows), 1)
    body = []
    for share in (0.5, 1.0):
        y = 270 - 200 * share
        body.append(f'<line x1="90" x2="{width - 10}" y1="{y}" y2="{y}" stroke="#d5dbe1"/><text x="84" y="{y + 4}" text-anchor="end">{top * share / 100:,.0f}</text>')
    for index, (week, minor) in enumerate(rows):
        height = 200 * minor / top
        body.append(f'<rect x="{92 + index * step:.1f}" y="{270 - height:.1f}" width="{max(step - 2, 1):.1f}" height="{height:.1f}" fill="#0b5cad"><title>week {week}: {minor / 100:,.0f}</title></rect>')
    return page(width, 300, "Net sales a week, whole campus", note, body)


def main(folder: str) -> int:
    with tempfile.TemporaryDirectory() as scratch:
        lake = Lake(FolderStore(Path(folder)), Path(scratch))
        release = lake.current(TABLES)
        if not release.run:
            print("charts: nothing was published yet", file=sys.stderr)
            return 1
        engine = DuckEngine(Path(scratch), 512)
        inputs = {name: [lake.local(path) for path in release.paths(name)] for name in ("peak_usage", "sales", "cafes")}
        note = f"{release.facts['from']} to {release.facts['last']}, as of {release.facts['as_of']}"
        cells = engine.query(
            "select weekday, local_hour, cast(sum(orders_count) as bigint), cast(sum(half_hours) / (select count(*) from cafes) as bigint) from peak_usage group by 1, 2 order by 1, 2", inputs
        )
        sold = engine.query(
            "select cast(floor(date_diff('day', (select min(business_day) from sales), business_day) / 7) as integer) + 1, cast(sum(net_minor) as bigint) from sales group by 1 order by 1", inputs
        )
        target = Path(folder) / "charts"
        target.mkdir(exist_ok=True)
        for name, text in (("peaks.svg", heat_map(cells, note)), ("weeks.svg", weeks(sold, note))):
            (target / name).write_text(text, "utf-8")
            print(f"charts: {target / name}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
