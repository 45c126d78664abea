/** One small lie in a file: what stood there and what stands there instead. */
export interface Mutant {
  readonly operator: string;
  /** Counted from 1. */
  readonly line: number;
  readonly from: string;
  readonly to: string;
  /** The whole file with it. */
  readonly text: string;
}

interface Edit {
  readonly at: number;
  readonly length: number;
  readonly to: string;
}

type Operator = (text: string) => Edit[];

const matches =
  (pattern: RegExp, to: (match: RegExpExecArray) => string | undefined): Operator =>
  (text) =>
    [...text.matchAll(pattern)].flatMap((match) => {
      const replacement = to(match);
      return replacement === undefined ? [] : [{ at: match.index, length: match[0].length, to: replacement }];
    });

const otherComparison: Readonly<Record<string, string>> = { "<=": "<", ">=": ">", "<": "<=", ">": ">=", "<>": "=" };

/** Up to the end of one condition: the next and, or, then, comma or closing bracket on the same level. */
function conditionLength(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const rest = text.slice(at);
    if (text[at] === "(") depth += 1;
    if (text[at] === ")" && depth-- === 0) return at - start;
    if (depth === 0 && at > start && /^(;|,|\s(and|or|then|returning|order|group|limit|on|union|for|loop)\b)/.test(rest)) return at - start;
  }
  return text.length - start;
}

const dropCondition: Operator = (text) =>
  [...text.matchAll(/\sand\s/g)].map(({ index }) => {
    const body = index + 5;
    return { at: index, length: 5 + conditionLength(text, body), to: " " };
  });

/** The arguments of a call between its brackets, split at the commas of its own level. */
function splitArguments(text: string, open: number): { parts: string[]; end: number } {
  const parts: string[] = [];
  let [depth, from] = [0, open + 1];
  for (let at = open + 1; at < text.length; at += 1) {
    if (text[at] === "(") depth += 1;
    if (text[at] === "," && depth === 0) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
    if (text[at] === ")" && depth-- === 0) {
      parts.push(text.slice(from, at));
      return { parts, end: at };
    }
  }
  return { parts, end: open };
}

const swapAccounts: Operator = (text) =>
  [...text.matchAll(/(?<!function )post_(between|signed)\(/g)].flatMap(({ index, 0: head }) => {
    const open = index + head.length - 1;
    const { parts, end } = splitArguments(text, open);
    const [kind, from, to, ...rest] = parts;
    if (kind === undefined || from === undefined || to === undefined || rest.length === 0) return [];
    return [{ at: open + 1, length: end - open - 1, to: [kind, to, from, ...rest].join(",") }];
  });

const sqlOperators: Readonly<Record<string, Operator>> = {
  "drop a lock": matches(/ for update(?: of \w+(?:, \w+)*)?(?=[;)\s])/g, () => ""),
  "flip a comparison": matches(/(?<= )(<=|>=|<>|<|>)(?= )/g, ([found]) => otherComparison[found]),
  "drop a condition": dropCondition,
  "change a sign": matches(/(?<=[\w)] )[+-](?= (?!interval)[a-z(])/g, ([found]) => (found === "+" ? "-" : "+")),
  "swap the accounts": swapAccounts,
  "least for greatest": matches(/\b(least|greatest)(?=\()/g, ([found]) => (found === "least" ? "greatest" : "least")),
  "ignore a check": matches(/(?<=\n\s*if )(?!not found then|found then|false)[^\n;]*?(?= then return)/g, () => "false"),
  "drop a step": matches(/\n\s*perform [^\n]*;(?=\n)/g, () => "\n"),
};

const typescriptOperators: Readonly<Record<string, Operator>> = {
  "flip a comparison": matches(/(?<= )(===|!==|<=|>=|<|>)(?= [\w"'(-])/g, ([found]) =>
    found === "===" ? "!==" : found === "!==" ? "===" : otherComparison[found],
  ),
  // What only the compiler asks cannot happen, and throws a plain Error.
  "ignore a check": matches(
    /(?<=\n\s*if )\((?:[^()\n]|\([^()\n]*\))*\)(?= (?:throw(?! new Error\()|return))/g,
    () => "(Math.random() > 2)",
  ),
  "drop a step": matches(/\n\s*await (?!Promise)[\w.]+\([^\n]*\);(?=\n)/g, () => "\n"),
  // SQL that stands in the application.
  "drop a lock": matches(/ for update(?=[`\s])/g, () => ""),
};

const isComment = (text: string, at: number): boolean =>
  /^\s*(--|\/\/|\*|\/\*)/.test(text.slice(text.lastIndexOf("\n", at - 1) + 1, at + 3));

/** Every mutant of a file, in the order of its lines. */
export function mutantsOf(file: string, text: string): Mutant[] {
  const operators = file.endsWith(".sql") ? sqlOperators : typescriptOperators;
  return Object.entries(operators)
    .flatMap(([operator, find]) => find(text).map((edit) => ({ operator, edit })))
    .filter(({ edit }) => !isComment(text, edit.at + 1))
    .sort((one, other) => one.edit.at - other.edit.at)
    .map(({ operator, edit: { at, length, to } }) => ({
      operator,
      line: text.slice(0, at).split("\n").length + (/^\n/.test(text.slice(at)) ? 1 : 0),
      from: text.slice(at, at + length).trim(),
      to: to.trim(),
      text: text.slice(0, at) + to + text.slice(at + length),
    }));
}
