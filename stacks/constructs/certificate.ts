import { Construct } from "constructs";
import { oneMetric } from "../../dashboards/alarm.ts";
import { AcmCertificate, AcmCertificateValidation, type AwsProvider, Route53Record } from "../aws.ts";
import { Alarm, type Tell } from "./alarm.ts";
import { expression } from "./expression.ts";

export type CertificateProps = {
  readonly domain: string;
  readonly alternativeNames: readonly string[];
  readonly zoneId: string;
  readonly provider?: AwsProvider;
  readonly tell: Tell;
};

const warnDays = 30;

/** A certificate that renews itself: its proof stands in our own zone. */
export class Certificate extends Construct {
  private readonly validation: AcmCertificateValidation;

  constructor(scope: Construct, id: string, props: CertificateProps) {
    super(scope, id);
    const provider = props.provider ? { provider: props.provider } : {};
    const certificate = new AcmCertificate(this, "certificate", {
      domainName: props.domain,
      subjectAlternativeNames: [props.domain, ...props.alternativeNames],
      validationMethod: "DNS",
      keyAlgorithm: "EC_prime256v1",
      lifecycle: { createBeforeDestroy: true },
      ...provider,
    });
    const proof = this.prove(certificate, props.zoneId);
    this.validation = new AcmCertificateValidation(this, "validation", {
      certificateArn: certificate.arn,
      dependsOn: [proof],
      ...provider,
    });
    this.watch(id, props.tell, props.provider);
  }

  /** It renews itself 60 days before its end, as long as its proof stands in the zone. */
  private watch(id: string, tell: Tell, provider: AwsProvider | undefined): void {
    new Alarm(this, `certificate-expiry-${id}`, {
      severity: "ticket",
      runbook: "edge-certificates-and-budget.md",
      says: `A certificate ends in less than ${warnDays} days and was not renewed by itself.`,
      watched: oneMetric({
        namespace: "AWS/CertificateManager",
        name: "DaysToExpiry",
        dimensions: { CertificateArn: this.arn },
        statistic: "Minimum",
        periodSeconds: 86_400,
      }),
      when: "below",
      threshold: warnDays,
      periods: 1,
      silence: "notBreaching",
      tell,
      ...(provider ? { provider } : {}),
    });
  }

  /** The ARN once AWS has seen the proof: a listener given it earlier is refused. */
  get arn(): string {
    return this.validation.certificateArn;
  }

  /** cdktf's own iterator makes a for_each that Terraform refuses: its keys are not known before the apply. Domain names are. */
  private prove(certificate: AcmCertificate, zoneId: string): Route53Record {
    const record = new Route53Record(this, "proof", {
      zoneId,
      name: expression("each.value.resource_record_name"),
      type: expression("each.value.resource_record_type"),
      records: [expression("each.value.resource_record_value")],
      ttl: 300,
      allowOverwrite: true, // the proof of one name is the same record in every region
    });
    const options = `${certificate.terraformResourceType}.${certificate.friendlyUniqueId}.domain_validation_options`;
    record.addOverride("for_each", expression(`{for option in ${options} : option.domain_name => option}`));
    return record;
  }
}
