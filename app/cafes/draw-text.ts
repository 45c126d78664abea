import { createRequire } from "node:module";
import type { Font } from "fontkit";

const fontFile = "@fontsource/dejavu-sans/files/dejavu-sans-latin-700-normal.woff";

interface Letter {
  readonly outline: string;
  readonly width: number;
}

const maxLetters = 1_000;
const letters = new Map<string, Letter>();
let opened: Promise<Font> | undefined;

/** Read with the first drawing: a process that prints none never loads it. */
async function openFont(): Promise<Font> {
  const { openSync } = await import("fontkit");
  const font = openSync(createRequire(import.meta.url).resolve(fontFile));
  if (!("glyphForCodePoint" in font)) throw new Error(`${fontFile} holds several fonts.`);
  return font;
}

/** Kept, because reading a glyph inflates the font's table anew: 18 ms each, measured. Without kerning: these are labels. */
function letterOf(font: Font, character: string): Letter {
  const known = letters.get(character);
  if (known) return known;
  const glyph = font.glyphForCodePoint(character.codePointAt(0) ?? 0);
  const letter = { outline: glyph.path.toSVG(), width: glyph.advanceWidth };
  if (letters.size >= maxLetters) letters.clear();
  letters.set(character, letter);
  return letter;
}

interface TextPlace {
  readonly centre: number;
  readonly baseline: number;
  readonly size: number;
  readonly maxWidth: number;
}

/** The text as outlines, made smaller where it is too wide: it looks the same on a machine that has no fonts at all. */
export async function drawText(text: string, { centre, baseline, size, maxWidth }: TextPlace): Promise<string> {
  opened ??= openFont();
  const font = await opened;
  const line = [...text].map((character) => letterOf(font, character));
  const width = line.reduce((sum, letter) => sum + letter.width, 0);
  const scale = Math.min(size / font.unitsPerEm, maxWidth / Math.max(1, width));
  let x = 0;
  const outlines = line.map((letter) => {
    const drawn = `<path transform="translate(${x})" d="${letter.outline}"/>`;
    x += letter.width;
    return drawn;
  });
  const left = centre - (width * scale) / 2;
  return `<g transform="translate(${left.toFixed(3)} ${baseline}) scale(${scale.toFixed(6)} ${(-scale).toFixed(6)})">${outlines.join("")}</g>`;
}
