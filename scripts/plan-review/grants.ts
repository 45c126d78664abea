import { isObject, type Json } from "../rehearse/terraform-json.ts";

/** One thing that a policy allows or denies: one action of one principal on one resource. */
export type Grant = {
  readonly sid: string;
  readonly effect: string;
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  readonly condition: string;
};

const list = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : value === undefined ? [] : [String(value)]);

/** "not:" marks NotAction, NotResource and NotPrincipal, which are only ever equal to themselves. */
const either = (statement: Json, name: string, none: string): readonly string[] => {
  const negated = statement[`Not${name}`];
  if (negated !== undefined) return [`not:${JSON.stringify(negated)}`];
  const named = list(statement[name]);
  return named.length > 0 ? named : [none];
};

const principalsOf = (statement: Json): readonly string[] => {
  if (statement.NotPrincipal !== undefined) return [`not:${JSON.stringify(statement.NotPrincipal)}`];
  if (!isObject(statement.Principal)) return statement.Principal === undefined ? ["itself"] : [`AWS:${String(statement.Principal)}`];
  return Object.entries(statement.Principal).flatMap(([kind, names]) => list(names).map((name) => `${kind}:${name}`));
};

/** Undefined when the text is no policy. */
export const grantsOf = (text: unknown): readonly Grant[] | undefined => {
  if (text === undefined || text === null || text === "") return [];
  const policy = parsed(text);
  if (!isObject(policy)) return undefined;
  const statements = Array.isArray(policy.Statement) ? policy.Statement : [policy.Statement];
  return statements.filter(isObject).flatMap((statement) =>
    principalsOf(statement).flatMap((principal) =>
      either(statement, "Action", "nothing").flatMap((action) =>
        either(statement, "Resource", "itself").map((resource) => ({
          sid: String(statement.Sid ?? "no Sid"),
          effect: String(statement.Effect ?? "Allow"),
          principal,
          action,
          resource,
          condition: statement.Condition === undefined ? "" : JSON.stringify(statement.Condition),
        })),
      ),
    ),
  );
};

const parsed = (text: unknown): unknown => {
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
};

/** Does the pattern, with IAM's * and ?, take in all that the other means? */
const takesIn = (pattern: string, other: string): boolean => {
  if (pattern === other) return true;
  if (pattern.startsWith("not:") || other.startsWith("not:")) return false;
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*/g, ".*")
    .replace(/\?/g, "[^*]");
  return new RegExp(`^${expression}$`, "s").test(other);
};

/** Was the grant already in the old one? Actions are the same in any case; a condition only ever makes a grant smaller. */
const covers = (old: Grant, grant: Grant): boolean =>
  old.effect === grant.effect &&
  takesIn(old.action.toLowerCase(), grant.action.toLowerCase()) &&
  takesIn(old.resource, grant.resource) &&
  (old.principal === "AWS:*" || old.principal === grant.principal) &&
  (old.condition === "" || old.condition === grant.condition);

/** What one list has that the other does not cover. */
export const beyond = (grants: readonly Grant[], others: readonly Grant[]): readonly Grant[] =>
  grants.filter((grant) => !others.some((other) => covers(other, grant)));
