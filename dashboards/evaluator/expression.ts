/** A value of each period, the oldest first; undefined where there is none. */
export type Series = readonly (number | undefined)[];

type Token = { readonly kind: "number" | "name" | "sign"; readonly text: string };
type Value = Series | readonly Series[] | number;

const tokenPattern = /\s*(?:(\d+(?:\.\d+)?)|([A-Za-z_][A-Za-z0-9_]*)|(<=|>=|==|!=|&&|\|\||[-+*/()<>,[\]]))/y;

const tokensOf = (text: string): readonly Token[] => {
  const tokens: Token[] = [];
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < text.trimEnd().length) {
    const at = tokenPattern.lastIndex;
    const found = tokenPattern.exec(text);
    if (!found) throw new Error(`the expression "${text}" cannot be read from "${text.slice(at)}" on.`);
    const [, number, name, sign] = found;
    tokens.push(number ? { kind: "number", text: number } : name ? { kind: "name", text: name } : { kind: "sign", text: sign as string });
  }
  return tokens;
};

const signs: readonly Readonly<Record<string, (one: number, other: number) => number>>[] = [
  { "||": (one, other) => Number(one !== 0 || other !== 0) },
  { "&&": (one, other) => Number(one !== 0 && other !== 0) },
  {
    "<": (one, other) => Number(one < other),
    "<=": (one, other) => Number(one <= other),
    ">": (one, other) => Number(one > other),
    ">=": (one, other) => Number(one >= other),
    "==": (one, other) => Number(one === other),
    "!=": (one, other) => Number(one !== other),
  },
  { "+": (one, other) => one + other, "-": (one, other) => one - other },
  { "*": (one, other) => one * other, "/": (one, other) => one / other },
];

/** CloudWatch's metric math, as far as our alarms use it: arithmetic, comparison, IF, FILL, and SUM, AVG, MIN, MAX of a list. */
export const evaluateExpression = (text: string, known: ReadonlyMap<string, Series>, periods: number): Series => {
  const tokens = tokensOf(text);
  let at = 0;
  const take = (wanted: string): boolean => {
    if (tokens[at]?.text !== wanted) return false;
    at += 1;
    return true;
  };
  const expect = (wanted: string): void => {
    if (!take(wanted)) throw new Error(`the expression "${text}" lacks "${wanted}" before "${tokens[at]?.text ?? "its end"}".`);
  };

  const level = (depth: number): Value => {
    const known = signs[depth];
    if (!known) return unary();
    let left = level(depth + 1);
    for (let sign = known[tokens[at]?.text ?? ""]; sign; sign = known[tokens[at]?.text ?? ""]) {
      at += 1;
      left = combine([left, level(depth + 1)], ([one, other]) => finite(sign(one as number, other as number)));
    }
    return left;
  };
  const unary = (): Value => (take("-") ? combine([unary()], ([value]) => -(value as number)) : primary());
  const primary = (): Value => {
    if (take("(")) {
      const inner = level(0);
      expect(")");
      return inner;
    }
    if (take("[")) return list("]").map(asSeries);
    const token = tokens[at++];
    if (token?.kind === "number") return Number(token.text);
    if (token?.kind !== "name") throw new Error(`the expression "${text}" has "${token?.text ?? "nothing"}" where a value is needed.`);
    if (take("(")) return call(token.text, list(")"));
    const series = known.get(token.text);
    if (!series) throw new Error(`the expression "${text}" names "${token.text}", which is none of ${[...known.keys()].join(", ")}.`);
    return series;
  };
  const list = (end: string): Value[] => {
    const values: Value[] = [];
    if (take(end)) return values;
    do values.push(level(0));
    while (take(","));
    expect(end);
    return values;
  };
  const asSeries = (value: Value): Series => {
    if (typeof value === "number") return Array.from({ length: periods }, () => value);
    if (Array.isArray(value[0])) throw new Error(`the expression "${text}" has a list where one series is needed.`);
    return value as Series;
  };
  /** Where a part has no value, the whole has none. */
  const combine = (parts: readonly Value[], work: (values: readonly number[]) => number | undefined): Value => {
    if (parts.every((part) => typeof part === "number")) return work(parts as number[]) ?? Number.NaN;
    const columns = parts.map(asSeries);
    return Array.from({ length: periods }, (_, index) => {
      const values = columns.map((column) => column[index]);
      return values.includes(undefined) ? undefined : work(values as number[]);
    });
  };
  const call = (name: string, args: readonly Value[]): Value => {
    const [first, second, third] = args;
    if (name === "IF" && first !== undefined && second !== undefined) {
      const [condition, then, otherwise] = [first, second, third ?? Array.from({ length: periods }, () => undefined)].map(asSeries);
      return Array.from({ length: periods }, (_, index) => {
        const holds = condition?.[index];
        return holds === undefined ? undefined : holds === 0 ? otherwise?.[index] : then?.[index];
      });
    }
    if (name === "FILL" && first !== undefined && second !== undefined) {
      const fill = asSeries(second);
      return asSeries(first).map((value, index) => value ?? fill[index]);
    }
    const columns = (
      args.length === 1 && Array.isArray(first) && Array.isArray(first[0]) ? first : args.map(asSeries)
    ) as readonly Series[];
    const totals: Readonly<Record<string, (values: readonly number[]) => number>> = {
      SUM: (values) => values.reduce((total, value) => total + value, 0),
      AVG: (values) => values.reduce((total, value) => total + value, 0) / values.length,
      MIN: (values) => Math.min(...values),
      MAX: (values) => Math.max(...values),
    };
    const total = totals[name];
    if (!total) throw new Error(`the function ${name} of "${text}" is not known here; there are IF, FILL, SUM, AVG, MIN and MAX.`);
    // Of a list, what is missing is left out.
    return Array.from({ length: periods }, (_, index) => {
      const values = columns.flatMap((column) => column[index] ?? []);
      return values.length === 0 ? undefined : total(values);
    });
  };

  const result = asSeries(level(0));
  if (at < tokens.length) throw new Error(`the expression "${text}" goes on after its end, with "${tokens[at]?.text}".`);
  return result;
};

/** A division by zero has no value. */
const finite = (value: number): number | undefined => (Number.isFinite(value) ? value : undefined);
