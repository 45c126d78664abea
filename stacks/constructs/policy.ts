export type Conditions = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

export type Statement = {
  readonly sid: string;
  readonly effect?: "Allow" | "Deny";
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** Everything but these: for a Deny with one exception. */
  readonly exceptResources?: readonly string[];
  readonly conditions?: Conditions;
};

export type ResourceStatement = Statement & {
  readonly principals:
    | "*"
    | { readonly Service: readonly string[] }
    | { readonly AWS: readonly string[] }
    | { readonly Federated: readonly string[] };
};

/** The JSON of an IAM policy. Written by hand and not by Terraform's data source: it can be read and tested at synth. */
export function policyJson(statements: readonly (Statement | ResourceStatement)[]): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: statements.map((statement) => ({
      Sid: statement.sid,
      Effect: statement.effect ?? "Allow",
      ...("principals" in statement ? { Principal: principalOf(statement.principals) } : {}),
      Action: one(statement.actions),
      ...(statement.exceptResources ? { NotResource: one(statement.exceptResources) } : { Resource: one(statement.resources) }),
      ...(statement.conditions ? { Condition: statement.conditions } : {}),
    })),
  });
}

/** AWS stores a list of one as a plain value; sending it so keeps the second plan empty. */
const one = (values: readonly string[]): string | readonly string[] => (values.length === 1 ? (values[0] as string) : values);

function principalOf(principals: ResourceStatement["principals"]) {
  if (principals === "*") return "*";
  return Object.fromEntries(Object.entries(principals).map(([kind, values]) => [kind, one(values)]));
}

/** A trust or a resource policy names principals; "everybody in an organisation" is never one of them. */
export function refuseWideTrust(owner: string, statements: readonly ResourceStatement[]): void {
  for (const statement of statements) {
    if (statement.effect === "Deny") continue;
    const text = JSON.stringify({ principals: statement.principals, conditions: statement.conditions ?? {} });
    if (/PrincipalOrg/.test(text) || statement.principals === "*" || /"AWS":\[?"\*"/.test(text)) {
      throw new Error(`${owner} trusts ${text}: that is a whole organisation or everybody; name the service or the role that needs it.`);
    }
    if (/:sub"?:\s*\[?"repo:[^"]*\*/.test(text)) {
      throw new Error(
        `${owner} trusts ${text}: a wildcard lets every repository or branch of an owner in; name repository and environment in full.`,
      );
    }
  }
}
