import { Construct } from "constructs";
import { type AwsProvider, KmsAlias, KmsKey, KmsReplicaKey } from "../aws.ts";
import { nameOf } from "../names.ts";
import { type CampusStack, campusOf } from "./campus-stack.ts";
import { policyJson, type ResourceStatement, type Statement } from "./policy.ts";

export type KeyProps = {
  readonly part: string;
  readonly purpose: string;
  readonly services?: readonly KeyUser[];
  /** Other accounts that keep copies of what it encrypts. */
  readonly accounts?: readonly string[];
  /** Exists in both regions with the same key material, for what is copied between them. */
  readonly multiRegion?: boolean;
  readonly provider?: AwsProvider;
};

/** An AWS service that uses the key on its own behalf, and the condition that ties it to this account. */
export type KeyUser = { readonly service: string; readonly conditions: Readonly<Record<string, Readonly<Record<string, string>>>> };

/** A key that is on for this account's roles (through their own policies) and for the named services, and nobody else. */
export class Key extends Construct {
  readonly key: KmsKey;
  private readonly props: KeyProps;
  private readonly stack: CampusStack;

  constructor(scope: Construct, id: string, props: KeyProps) {
    super(scope, id);
    this.props = props;
    this.stack = campusOf(this);
    this.key = new KmsKey(this, "key", {
      description: props.purpose,
      enableKeyRotation: true,
      rotationPeriodInDays: 365,
      deletionWindowInDays: 30,
      multiRegion: props.multiRegion ?? false,
      policy: this.policy(),
      ...(props.provider ? { provider: props.provider } : {}),
    });
    this.alias("alias", this.key.keyId, this.stack.place, props.provider);
  }

  get arn(): string {
    return this.key.arn;
  }

  /** The same key in another region: what was encrypted here can be read there when this region is lost. */
  replicateTo(provider: AwsProvider, place: string): KmsReplicaKey {
    const replica = new KmsReplicaKey(this, `replica-${place}`, {
      provider,
      primaryKeyArn: this.key.arn,
      description: `${this.props.purpose} (copy)`,
      deletionWindowInDays: 30,
      policy: this.policy(),
    });
    this.alias(`alias-${place}`, replica.keyId, place, provider);
    return replica;
  }

  private alias(id: string, keyId: string, place: string, provider?: AwsProvider): void {
    const naming = { environment: this.stack.environment.name, place, part: this.props.part };
    new KmsAlias(this, id, { name: `alias/${nameOf("other", naming)}`, targetKeyId: keyId, ...(provider ? { provider } : {}) });
  }

  private policy(): string {
    const account: ResourceStatement = {
      sid: "AccountDecidesByIam",
      actions: ["kms:*"],
      resources: ["*"],
      principals: { AWS: [`arn:aws:iam::${this.stack.environment.accountId}:root`] },
    };
    const copies = (this.props.accounts ?? []).map(copyingAccount);
    return policyJson([account, ...(this.props.services ?? []).map(serviceStatement), ...copies]);
  }
}

export type KeyRef = { readonly arn: string };

export const useStatement = (keyArn: string | readonly string[], actions: readonly string[]): Statement => ({
  sid: "UseKey",
  actions: actions.map((action) => `kms:${action}`),
  resources: [keyArn].flat(),
});

const copyingAccount = (accountId: string, index: number): ResourceStatement => ({
  sid: `Account${index + 1}Copies`,
  actions: [
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
  ],
  resources: ["*"],
  principals: { AWS: [`arn:aws:iam::${accountId}:root`] },
});

function serviceStatement(user: KeyUser, index: number): ResourceStatement {
  return {
    sid: `Service${index + 1}`,
    actions: [
      "kms:Encrypt",
      "kms:Decrypt",
      "kms:ReEncryptFrom",
      "kms:ReEncryptTo",
      "kms:GenerateDataKey",
      "kms:GenerateDataKeyWithoutPlaintext",
      "kms:DescribeKey",
    ],
    resources: ["*"],
    principals: { Service: [user.service] },
    conditions: user.conditions,
  };
}
