import { resolveNs } from "node:dns/promises";
import { ACMClient, DescribeCertificateCommand, ListCertificatesCommand } from "@aws-sdk/client-acm";
import { GetHostedZoneCommand, ListHostedZonesByNameCommand, Route53Client } from "@aws-sdk/client-route-53";
import type { Environment } from "../../regions/index.ts";
import { clientSettings } from "./client-settings.ts";
import { type Finding, fine, stop } from "./finding.ts";

/** The region in which CloudFront looks for its certificate. */
const edgeRegion = "us-east-1";

export type AskNameServers = (domain: string) => Promise<readonly string[]>;

/** The zone, whether the world finds it, and the certificate whose proof stands in it: each needs the one before. */
export async function checkDomain(environment: Environment, askNameServers: AskNameServers = resolveNs): Promise<Finding[]> {
  const nameServers = await zoneNameServers(environment.domain);
  if (!nameServers) {
    const deploy = `CAMPUS_ENVIRONMENT=${environment.name} npx cdktf deploy ${environment.name}-global`;
    return [
      stop(
        "domain",
        `there is no hosted zone for ${environment.domain}`,
        `first the bootstrap, whose state begins on disk (docs/platform/first-deploy.md, step 2), then ${deploy}; it waits at the certificate: meanwhile have the zone's name servers delegated. Another domain: regions/environments/${environment.name}.ts.`,
      ),
    ];
  }
  const delegated = await checkDelegation(environment.domain, nameServers, askNameServers);
  return [delegated, await checkCertificate(environment)];
}

export async function zoneNameServers(domain: string): Promise<readonly string[] | undefined> {
  const route53 = new Route53Client(clientSettings(edgeRegion));
  try {
    const { HostedZones: zones = [] } = await route53.send(new ListHostedZonesByNameCommand({ DNSName: domain, MaxItems: 1 }));
    const zone = zones.find((one) => one.Name === `${domain}.` && !one.Config?.PrivateZone);
    if (!zone) return undefined;
    const { DelegationSet: set } = await route53.send(new GetHostedZoneCommand({ Id: zone.Id }));
    return set?.NameServers ?? [];
  } finally {
    route53.destroy();
  }
}

async function checkDelegation(domain: string, nameServers: readonly string[], ask: AskNameServers): Promise<Finding> {
  const seen = (await ask(domain).catch(() => [])).map((name) => name.replace(/\.$/, "").toLowerCase());
  const ours = nameServers.map((name) => name.replace(/\.$/, "").toLowerCase());
  if (ours.length > 0 && ours.every((name) => seen.includes(name))) return fine("domain", `${domain} is delegated to our zone`);
  return stop(
    "domain",
    `${domain} is not delegated to our zone (the world sees ${seen.length > 0 ? seen.join(", ") : "no name server"})`,
    `have the owner of the parent zone set these NS records for ${domain}: ${ours.join(", ")}.`,
  );
}

async function checkCertificate({ domain, name }: Environment): Promise<Finding> {
  const about = "certificate";
  const acm = new ACMClient(clientSettings(edgeRegion));
  try {
    const { CertificateSummaryList: list = [] } = await acm.send(
      new ListCertificatesCommand({ Includes: { keyTypes: ["RSA_2048", "EC_prime256v1"] } }),
    );
    const arn = list.find((one) => one.DomainName === domain)?.CertificateArn;
    const again = `CAMPUS_ENVIRONMENT=${name} npx cdktf deploy ${name}-global`;
    if (!arn) return stop(about, `${edgeRegion} has none for ${domain}`, `the global stack makes it and proves it in our zone: ${again}`);
    const { Certificate: certificate } = await acm.send(new DescribeCertificateCommand({ CertificateArn: arn }));
    if (certificate?.Status === "ISSUED") return fine(about, `issued for ${domain} in ${edgeRegion}`);
    return stop(
      about,
      `the one for ${domain} is ${certificate?.Status}`,
      `PENDING_VALIDATION ends some minutes after the delegation; if FAILED or EXPIRED, make it anew: ${again}`,
    );
  } finally {
    acm.destroy();
  }
}
