import { setImmediate } from "node:timers/promises";

/** An element without its prefix; `text` is what stands in it directly. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: XmlElement[];
  text: string;
}

export class XmlProblem extends Error {}

const maxDepth = 40;
/** Of one piece of text; and of attributes in one element, for which the pattern below would else use up its stack. */
const maxText = 10_000;
const maxAttributes = 20;
const maxElements = 500_000;
const nameText = "[A-Za-z_][\\w.:-]*";
const attribute = `\\s+(${nameText})\\s*=\\s*(?:"([^"<]*)"|'([^'<]*)')`;
const token = new RegExp(
  `<\\?xml\\s[^>]*\\?>|<!--[^]*?-->|<!\\[CDATA\\[([^]*?)\\]\\]>|</(${nameText})\\s*>|<(${nameText})((?:${attribute}){0,${maxAttributes}})\\s*(/?)>|([^<]+)`,
  "y",
);

/** After so many pieces others have their turn: a file of 8 MiB has a million of them. */
const piecesInARow = 2_000;

/**
 * A file of data: no document type, so no entity but the five that XML has and no other file is ever looked at; no instructions.
 * Throws XmlProblem.
 */
export function parseXml(text: string): XmlElement {
  const reading = read(text);
  for (;;) {
    const { done, value } = reading.next();
    if (done) return value;
  }
}

/** The same, and requests that come in meanwhile are answered. */
export async function parseXmlInTurns(text: string): Promise<XmlElement> {
  const reading = read(text);
  for (;;) {
    const { done, value } = reading.next();
    if (done) return value;
    await setImmediate();
  }
}

function* read(text: string): Generator<undefined, XmlElement, undefined> {
  if (noXml.test(text)) throw new XmlProblem("holds a character that XML does not know");
  const root: XmlElement = { name: "", attributes: {}, children: [], text: "" };
  const open: XmlElement[] = [root];
  let elements = 0;
  let pieces = 0;
  token.lastIndex = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  while (token.lastIndex < text.length) {
    const at = token.lastIndex;
    pieces += 1;
    if (pieces % piecesInARow === 0) {
      yield;
      token.lastIndex = at;
    }
    const found = token.exec(text);
    if (!found) throw new XmlProblem(`is no plain XML at character ${at}`);
    const [, data, closed, opened, given, , , , selfClosed, plain] = found;
    const here = open.at(-1) ?? root;
    if (data !== undefined) here.text += data;
    if (plain !== undefined && plain.length > maxText)
      throw new XmlProblem(`has a text of more than ${maxText} characters at character ${at}`);
    if (plain !== undefined) here.text += decode(plain);
    if (closed !== undefined && (open.length < 2 || open.pop()?.name !== local(closed)))
      throw new XmlProblem(`has an end of ${closed} at character ${at} that has no beginning`);
    if (opened !== undefined) {
      elements += 1;
      if (elements > maxElements || open.length > maxDepth) throw new XmlProblem("has too many elements, or too many in one another");
      const made: XmlElement = { name: local(opened), attributes: attributesOf(given ?? ""), children: [], text: "" };
      here.children.push(made);
      if (selfClosed === "") open.push(made);
    }
  }
  const [only] = root.children;
  if (open.length !== 1 || root.children.length !== 1 || !only || root.text.trim() !== "")
    throw new XmlProblem("is not one whole XML document");
  return only;
}

/** What XML has no way to hold: most control characters, and half of a character. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const noXml = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}/u;

const local = (name: string): string => name.slice(name.indexOf(":") + 1);

const attributesOf = (given: string): Record<string, string> =>
  Object.fromEntries(
    [...given.matchAll(new RegExp(attribute, "g"))].map(([, name, double, single]) => [name ?? "", decode(double ?? single ?? "")]),
  );

const named: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function decode(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(#x?[0-9a-fA-F]{1,6}|\w*);?/g, (whole, what: string) => {
    const code = what.startsWith("#x") ? Number.parseInt(what.slice(2), 16) : what.startsWith("#") ? Number(what.slice(1)) : undefined;
    const sign = code === undefined ? named[what] : code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
    if (sign === undefined || !whole.endsWith(";") || noXml.test(sign))
      throw new XmlProblem(`has an entity that XML does not know: ${whole.slice(0, 20)}`);
    return sign;
  });
}

/** All that lie this way below an element: `all(entry, "NtryDtls", "TxDtls")`. */
export const all = (from: XmlElement, ...path: readonly string[]): XmlElement[] =>
  path.reduce<XmlElement[]>((found, name) => found.flatMap(({ children }) => children.filter((child) => child.name === name)), [from]);

/** The text of the first one; undefined where it is not there or empty. */
export const textAt = (from: XmlElement, ...path: readonly string[]): string | undefined => all(from, ...path)[0]?.text.trim() || undefined;

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
export const escapeXml = (text: string): string => text.replace(/[&<>"]/g, (sign) => escapes[sign] ?? sign);
