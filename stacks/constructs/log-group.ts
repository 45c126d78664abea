import { Construct } from "constructs";
import type { LogRetentionDays } from "../../regions/index.ts";
import { type AwsProvider, CloudwatchLogGroup } from "../aws.ts";
import type { KeyRef } from "./key.ts";

export type LogGroupProps = {
  readonly name: string;
  readonly retentionDays: LogRetentionDays;
  readonly key: KeyRef;
  readonly provider?: AwsProvider;
};

/** A log group that forgets: without a retention AWS keeps, and bills, every line for ever. */
export class LogGroup extends Construct {
  readonly group: CloudwatchLogGroup;

  constructor(scope: Construct, id: string, props: LogGroupProps) {
    super(scope, id);
    if (!(props.retentionDays >= 30)) {
      throw new Error(
        `the log group ${props.name} has the retention ${props.retentionDays}; give it 30 days or more (logs.retentionDays in regions/).`,
      );
    }
    this.group = new CloudwatchLogGroup(this, "group", {
      name: props.name,
      retentionInDays: props.retentionDays,
      kmsKeyId: props.key.arn,
      ...(props.provider ? { provider: props.provider } : {}),
    });
  }

  get arn(): string {
    return this.group.arn;
  }

  get name(): string {
    return this.group.name;
  }
}
