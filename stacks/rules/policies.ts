import { type Resource, resourcesOf, type Synthesized } from "./synthesized.ts";

export type PolicyStatement = {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Principal?: unknown;
  readonly Condition?: unknown;
};

const policyFields = ["policy", "assume_role_policy"] as const;

/** What a policy writes as one or as several. */
export const list = (value: string | readonly string[] | undefined): readonly string[] =>
  typeof value === "string" ? [value] : (value ?? []);

/** "s3:*" as a pattern that matches "s3:GetObject" and "s3:Get*". */
export const patternOf = (action: string): RegExp =>
  new RegExp(`^${action.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`, "i");

export function statementsOf(resource: Resource): PolicyStatement[] {
  return policyFields
    .map((field) => resource.body[field])
    .filter((text): text is string => typeof text === "string" && text.startsWith("{"))
    .flatMap((text) => JSON.parse(text).Statement as PolicyStatement[]);
}

/** In a key's policy "*" is the key itself. */
const isKey = (resource: Resource): boolean => resource.type === "aws_kms_key" || resource.type === "aws_kms_replica_key";

/** Every allowed wildcard as "path#Sid", for the list that gives each its reason. */
export function wildcards(synthesized: Synthesized): string[] {
  return resourcesOf(synthesized).flatMap((resource) =>
    statementsOf(resource)
      .filter(({ Effect, Action, Resource: on }) => {
        const anyAction = list(Action).some((action) => action.includes("*"));
        const anyResource = !isKey(resource) && list(on).includes("*");
        return Effect === "Allow" && (anyAction || anyResource);
      })
      .map(({ Sid }) => `${resource.path}#${Sid ?? "no Sid"}`),
  );
}

export function unreasonedWildcards(synthesized: Synthesized, reasons: Readonly<Record<string, string>>): string[] {
  const known = (wildcard: string) => Object.keys(reasons).some((suffix) => wildcard.endsWith(suffix));
  return wildcards(synthesized)
    .filter((wildcard) => !known(wildcard))
    .map((wildcard) => `${wildcard} allows "*"; name the actions and the resources, or give the reason in stacks/rules/wildcards.ts.`);
}

/** Everybody, a whole organisation or every repository of an owner. */
export function wideTrust(synthesized: Synthesized): string[] {
  return resourcesOf(synthesized).flatMap((resource) =>
    statementsOf(resource)
      .filter(({ Effect, Principal, Condition }) => {
        const principal = JSON.stringify(Principal ?? {});
        const condition = JSON.stringify(Condition ?? {});
        const everybody = principal === '"*"' || principal.includes('"AWS":"*"');
        return Effect === "Allow" && (everybody || condition.includes("PrincipalOrg") || /:sub":"?\[?"?repo:[^"]*\*/.test(condition));
      })
      .map(({ Sid }) => `${resource.path}#${Sid ?? "no Sid"} trusts everybody or a whole organisation; name the service or the role.`),
  );
}
