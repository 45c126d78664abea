import { MigrationError, type SqlStatement, splitStatements, withoutComments } from "./statements.ts";

type Kind = "type" | "function" | "view" | "trigger";

/** What a repeatable file defines: the statement that makes it and the grants that follow it. */
export interface Definition {
  readonly kind: Kind;
  /** Of a trigger with its table: "orders_enqueued on orders". No two functions share a name. */
  readonly name: string;
  readonly statement: SqlStatement;
  readonly grants: readonly SqlStatement[];
}

const heads: readonly { readonly kind: Kind; readonly head: RegExp }[] = [
  { kind: "type", head: /^create\s+type\s+(\w+)\s+as\b/i },
  { kind: "function", head: /^create\s+or\s+replace\s+function\s+(\w+)\s*\(/i },
  { kind: "view", head: /^create\s+or\s+replace\s+view\s+(\w+)\b/i },
  { kind: "trigger", head: /^create\s+or\s+replace\s+trigger\s+(\w+)\s[\s\S]*?\son\s+(\w+)/i },
  // PostgreSQL replaces no constraint trigger: it is dropped and made again.
  { kind: "trigger", head: /^create\s+constraint\s+trigger\s+(\w+)\s[\s\S]*?\son\s+(\w+)/i },
];

export const keyOf = ({ kind, name }: { readonly kind: string; readonly name: string }): string => `${kind} ${name}`;

/** All definitions, what is needed before what needs it. */
export function readDefinitions(files: readonly { readonly name: string; readonly text: string }[]): Definition[] {
  const found = files.flatMap(({ name, text }) => definitionsOf(splitStatements(name, text)));
  const byKey = new Map<string, Definition>();
  for (const definition of found) {
    const { file, line } = definition.statement;
    const twin = byKey.get(keyOf(definition))?.statement;
    if (twin) throw new MigrationError(`${file}:${line}: the ${keyOf(definition)} is defined in ${twin.file}:${twin.line} already.`);
    byKey.set(keyOf(definition), definition);
  }
  return inOrder(found);
}

function definitionsOf(statements: readonly SqlStatement[]): Definition[] {
  const definitions: (Definition & { grants: SqlStatement[] })[] = [];
  for (const statement of statements) {
    const made = definitionOf(statement);
    const last = definitions.at(-1);
    if (made) definitions.push({ ...made, statement, grants: [] });
    else if (last && /^(grant|revoke)\b/i.test(statement.text)) last.grants.push(statement);
    else {
      throw new MigrationError(
        `${statement.file}:${statement.line}: only "create or replace function|view|trigger", "create constraint trigger", "create type" and the grants below them stand here; tables are made in app/migrations.`,
      );
    }
  }
  return definitions;
}

function definitionOf({ text }: SqlStatement): Pick<Definition, "kind" | "name"> | undefined {
  for (const { kind, head } of heads) {
    const [, name, table] = head.exec(text) ?? [];
    if (name !== undefined) return { kind, name: table === undefined ? name : `${name} on ${table}` };
  }
  return undefined;
}

/** By the names that a definition speaks of, as PostgreSQL looks at them when it is made. */
function inOrder(definitions: readonly Definition[]): Definition[] {
  const byName = new Map(definitions.filter(({ kind }) => kind !== "trigger").map((definition) => [definition.name, definition]));
  const ordered = new Set<Definition>();
  const visit = (definition: Definition, path: readonly Definition[]): void => {
    if (ordered.has(definition)) return;
    if (path.includes(definition)) {
      const { file, line } = definition.statement;
      throw new MigrationError(`${file}:${line}: ${[...path, definition].map(({ name }) => name).join(" needs ")}: a circle.`);
    }
    for (const needed of neededBy(definition, byName)) visit(needed, [...path, definition]);
    ordered.add(definition);
  };
  for (const definition of definitions) visit(definition, []);
  return [...ordered];
}

function neededBy(definition: Definition, byName: ReadonlyMap<string, Definition>): Definition[] {
  const text = withoutComments(definition.statement.text);
  // The body of PL/pgSQL is read when it runs: of it only the types of its variables must exist.
  const isLate = definition.kind === "function" && /\blanguage\s+plpgsql\b/i.test(text);
  const now = isLate ? text.slice(0, text.indexOf("$")) : text;
  const named = (words: string, kinds: readonly Kind[]) =>
    [...new Set(words.match(/\w+/g))].flatMap((word) => byName.get(word) ?? []).filter(({ kind }) => kinds.includes(kind));
  return [...named(text, ["type"]), ...named(now, ["function", "view"])].filter((needed) => needed !== definition);
}
