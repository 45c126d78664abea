import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Json } from "../rehearse/terraform-json.ts";
import { readPlans } from "./read-plans.ts";
import { type Acceptance, type Review, reviewPlans } from "./review.ts";

export const ownAccount = "111122223333";

export type Written = {
  readonly address: string;
  readonly actions: readonly string[];
  readonly before?: Json | null;
  readonly after?: Json | null;
  readonly unknown?: Json;
};

/** A plan as `terraform show -json` writes it, with what the review reads of it. */
export const planText = (changes: readonly Written[], references: Readonly<Record<string, readonly string[]>> = {}): string =>
  JSON.stringify({
    format_version: "1.2",
    terraform_version: "1.11.4",
    planned_values: { root_module: {} },
    resource_changes: changes.map(({ address, actions, before = null, after = null, unknown = {} }) => ({
      address,
      mode: "managed",
      type: address.split(".")[0],
      change: { actions, before, after, after_unknown: unknown },
    })),
    configuration: {
      provider_config: {
        aws: {
          name: "aws",
          expressions: { allowed_account_ids: { constant_value: [ownAccount] }, region: { constant_value: "eu-north-1" } },
        },
      },
      root_module: {
        resources: Object.entries(references).map(([address, named]) => ({
          address,
          expressions: { security_group_id: { references: named } },
        })),
      },
    },
  });

/** Runs with the texts as files of one folder, and removes it. */
export const withPlans = <T>(texts: Readonly<Record<string, string>>, use: (folder: string) => T): T => {
  const folder = mkdtempSync(join(tmpdir(), "campus-plans-"));
  try {
    for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), text);
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

export const reviewOf = (text: string, acceptances: readonly Acceptance[] = []): Review =>
  withPlans({ "pilot.json": text }, (folder) => reviewPlans(readPlans([folder]), acceptances));
