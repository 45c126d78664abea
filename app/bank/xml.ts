/** An element without its prefix; `text` is what stands in it directly. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: XmlElement[];
  text: string;
}

export class XmlProblem extends Error {}

const maxDepth = 40;
const maxElements = 500_000;
const nameText = "[A-Za-z_][\\w.:-]*";
const attribute = `\\s+(${nameText})\\s*=\\s*(?:"([^"<]*)"|'([^'<]*)')`;
const token = new RegExp(
  `<\\?xml\\s[^>]*\\?>|<!--[^]*?-->|<!\\[CDATA\\[([^]*?)\\]\\]>|</(${nameText})\\s*>|<(${nameText})((?:${attribute})*)\\s*(/?)>|([^<]+)`,
  "y",
);

/**
 * A file of data: no document type, so no entity but the five that XML has and no other file is ever looked at; no instructions.
 * Throws XmlProblem.
 */
export function parseXml(text: string): XmlElement {
  const root: XmlElement = { name: "", attributes: {}, children: [], text: "" };
  const open: XmlElement[] = [root];
  let elements = 0;
  token.lastIndex = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  while (token.lastIndex < text.length) {
    const at = token.lastIndex;
    const found = token.exec(text);
    if (!found) throw new XmlProblem(`is no plain XML at character ${at}`);
    const [, data, closed, opened, given, , , , selfClosed, plain] = found;
    const here = open.at(-1) ?? root;
    if (data !== undefined) here.text += data;
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
    const sign = code === undefined ? named[what] : code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
    if (sign === undefined || !whole.endsWith(";")) throw new XmlProblem(`has an entity that XML does not know: ${whole.slice(0, 20)}`);
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
