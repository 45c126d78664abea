import { type Panel, rectangle, text } from "../../diagrams/svg.ts";

export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly isOurs?: boolean;
}

const nameWidth = 150;
const barWidth = 420;
const valueWidth = 80;
const rowHeight = 26;
const headHeight = 26;

/** Bars that lie, each with its name before it and its value behind it; the longest fills the width. */
export function barsOf(title: string, bars: readonly Bar[], digits: number): Panel {
  const longest = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE);
  const rows = bars.map(({ name, value, isOurs }, index) => {
    const y = headHeight + index * rowHeight;
    const width = Math.max(1, Math.round((value / longest) * barWidth));
    const shown = value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
    return [
      text(name, nameWidth - 8, y + 15, "end"),
      rectangle(isOurs ? "compute" : "outside", nameWidth, y + 3, width, rowHeight - 8),
      text(shown, nameWidth + width + 6, y + 15),
    ].join("\n");
  });
  return {
    width: nameWidth + barWidth + valueWidth,
    height: headHeight + bars.length * rowHeight,
    body: [text(title, 0, 12, "title"), ...rows].join("\n"),
  };
}
