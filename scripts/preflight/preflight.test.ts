import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { capabilities, type Environment, environments, type FleetPlan, type Region, regionPlans } from "../../regions/index.ts";
import { checkArtifact } from "./artifact.ts";
import { costTable } from "./cost.ts";
import { type Finding, lineOf } from "./finding.ts";
import { preflight } from "./preflight.ts";
import { type Answer, type Script, ScriptedAws } from "./scripted-aws.ts";

const pilot = environments.pilot as Environment;
const aws = new ScriptedAws();
let folder = "";
let endpoint = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "campus-preflight-"));
  endpoint = await aws.listen();
});
beforeEach(() => {
  vi.stubEnv("AWS_ENDPOINT_URL", endpoint);
  vi.stubEnv("AWS_ACCESS_KEY_ID", "scripted");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "scripted");
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await aws.close();
  rmSync(folder, { recursive: true, force: true });
});

const xml = (action: string, inner: string): Answer => ({
  body: `<${action}Response><${action}Result>${inner}</${action}Result></${action}Response>`,
});
const ec2 = (action: string, inner: string): Answer => ({ body: `<${action}Response>${inner}</${action}Response>` });
const refusal = (code: string): Answer => ({
  status: 403,
  body: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${code}</Message></Error></ErrorResponse>`,
});
const zonesOf = (region: string) => capabilities[region as Region].zones;
const regions = (south: string) =>
  ec2(
    "DescribeRegions",
    `<regionInfo><item><regionName>eu-north-1</regionName><optInStatus>opt-in-not-required</optInStatus></item><item><regionName>eu-south-1</regionName><optInStatus>${south}</optInStatus></item></regionInfo>`,
  );
const offerings = (zones: readonly string[]) =>
  ec2(
    "DescribeInstanceTypeOfferings",
    `<instanceTypeOfferingSet>${zones.map((zone) => `<item><instanceType>t4g.small</instanceType><location>${zone}</location></item>`).join("")}</instanceTypeOfferingSet>`,
  );
const orderable = (version: string) =>
  xml(
    "DescribeOrderableDBInstanceOptions",
    `<OrderableDBInstanceOptions><OrderableDBInstanceOption><Engine>postgres</Engine><EngineVersion>${version}</EngineVersion></OrderableDBInstanceOption></OrderableDBInstanceOptions>`,
  );
const account = (id: string) =>
  xml("GetCallerIdentity", `<Account>${id}</Account><Arn>arn:aws:iam::${id}:user/ann</Arn><UserId>U</UserId>`);
const zone = (domain: string) =>
  ({
    body: `<ListHostedZonesByNameResponse><HostedZones><HostedZone><Id>/hostedzone/Z1</Id><Name>${domain}.</Name><CallerReference>r</CallerReference></HostedZone></HostedZones><IsTruncated>false</IsTruncated><MaxItems>1</MaxItems></ListHostedZonesByNameResponse>`,
  }) as const;
const certificates = (domain: string): Answer => ({
  body: JSON.stringify({ CertificateSummaryList: [{ CertificateArn: "arn:cert", DomainName: domain }] }),
});
const certificate = (status: string): Answer => ({ body: JSON.stringify({ Certificate: { CertificateArn: "arn:cert", Status: status } }) });
const quota = (value: number): Answer => ({ body: JSON.stringify({ Quota: { Value: value } }) });

const allIsWell: Script = {
  GetCallerIdentity: account(pilot.accountId),
  DescribeRegions: regions("opted-in"),
  DescribeAvailabilityZones: (_, region) =>
    ec2(
      "DescribeAvailabilityZones",
      `<availabilityZoneInfo>${zonesOf(region)
        .map((name) => `<item><zoneName>${name}</zoneName><zoneState>available</zoneState></item>`)
        .join("")}</availabilityZoneInfo>`,
    ),
  DescribeInstanceTypeOfferings: (_, region) => offerings(zonesOf(region)),
  DescribeOrderableDBInstanceOptions: orderable("18.1"),
  DescribeSourceRegions: xml("DescribeSourceRegions", "<SourceRegions/>"),
  GetServiceQuota: quota(100),
  ListHostedZonesByName: zone(pilot.domain),
  GetHostedZone: {
    body: "<GetHostedZoneResponse><HostedZone><Id>Z1</Id><Name>x.</Name><CallerReference>r</CallerReference></HostedZone><DelegationSet><NameServers><NameServer>ns-1.aws.example</NameServer></NameServers></DelegationSet></GetHostedZoneResponse>",
  },
  ListCertificates: certificates(pilot.domain),
  DescribeCertificate: certificate("ISSUED"),
};

const delegated = async () => ["ns-1.aws.example."];
const program = (version: string): string => {
  const path = join(folder, `terraform-${version}`);
  writeFileSync(path, `#!/bin/sh\necho '{"terraform_version":"${version}"}'\n`);
  chmodSync(path, 0o755);
  return path;
};
const look = async (change: Script = {}, options: Parameters<typeof preflight>[1] = {}): Promise<Finding[]> => {
  aws.play({ ...allIsWell, ...change });
  return preflight(pilot, { terraform: program("1.11.4"), askNameServers: delegated, ...options });
};
const stopsOf = (findings: readonly Finding[]) =>
  findings
    .filter(({ kind }) => kind === "stop")
    .map(lineOf)
    .join("\n");

test("an account where all is well has nothing to mend, and both regions were asked", async () => {
  expect(stopsOf(await look())).toBe("");
  for (const region of ["eu-north-1", "eu-south-1"]) expect(aws.asked).toContain(`DescribeInstanceTypeOfferings ${region}`);
});

test("only questions are asked, nothing is changed", async () => {
  await look();
  expect(aws.asked.filter((asked) => !/^(Describe|Get|List)/.test(asked))).toEqual([]);
});

test.each([
  ["1.10.5", /version 1\.10\.5, and the stacks need 1\.11 or a newer 1\.x\n +mend: install Terraform 1\.11\.4/],
  ["2.0.0", /version 2\.0\.0, and the stacks need 1\.11/],
])("Terraform %s is refused", async (version, says) => {
  expect(stopsOf(await look({}, { terraform: program(version) }))).toMatch(says);
});

test("no Terraform at all is said", async () => {
  expect(stopsOf(await look({}, { terraform: join(folder, "nothing-here") }))).toMatch(/no terraform on the PATH/);
});

test("no credentials: says how to log in, and asks nothing else", async () => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "");
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  vi.stubEnv("AWS_CONFIG_FILE", join(folder, "none"));
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", join(folder, "none"));
  const findings = await look();
  expect(stopsOf(findings)).toMatch(/no credentials were found\n +mend: log in \(`aws sso login/);
  expect(aws.asked).toEqual([]);
});

type Case = { readonly bad: string; readonly change: Script; readonly says: RegExp };
const cases: readonly Case[] = [
  {
    bad: "a wrong account",
    change: { GetCallerIdentity: account("999988887777") },
    says: /for 999988887777 .* pilot belongs in 111122223333\n +mend: take credentials of 111122223333/,
  },
  {
    bad: "expired credentials",
    change: { GetCallerIdentity: refusal("ExpiredToken") },
    says: /the credentials have expired .*\n +mend: log in again/,
  },
  {
    bad: "credentials that AWS does not know",
    change: { GetCallerIdentity: refusal("InvalidClientTokenId") },
    says: /AWS refused the credentials \(InvalidClientTokenId\w*\)\n +mend: take new ones/,
  },
  {
    bad: "a region that is not enabled",
    change: { DescribeRegions: regions("not-opted-in") },
    says: /region eu-south-1: not enabled for this account \(not-opted-in\)\n +mend: .*aws account enable-region --region-name eu-south-1/,
  },
  {
    bad: "a zone that is gone",
    change: {
      DescribeAvailabilityZones: (_, region) =>
        ec2(
          "DescribeAvailabilityZones",
          `<availabilityZoneInfo><item><zoneName>${zonesOf(region)[0]}</zoneName><zoneState>available</zoneState></item></availabilityZoneInfo>`,
        ),
    },
    says: /zones of eu-north-1: eu-north-1b, eu-north-1c cannot be used now/,
  },
  {
    bad: "a machine that a zone does not offer",
    change: { DescribeInstanceTypeOfferings: (_, region) => offerings(zonesOf(region).slice(0, 2)) },
    says: /t4g\.small is not offered in eu-south-1c\n +mend: choose another size for eu-south-1 in regions\//,
  },
  {
    bad: "a database that cannot be ordered",
    change: { DescribeOrderableDBInstanceOptions: orderable("17.6") },
    says: /db\.t4g\.small with PostgreSQL 18 cannot be ordered \(only with 17\.6\)\n +mend: choose another class/,
  },
  {
    bad: "a quota that is too small",
    change: { GetServiceQuota: quota(0) },
    says: /elastic addresses: 1 are needed and 0 allowed\n +mend: aws service-quotas request-service-quota-increase --region eu-north-1 --service-code ec2 --quota-code L-0263D0A3 --desired-value 1/,
  },
  {
    bad: "a missing domain",
    change: { ListHostedZonesByName: zone("another.example") },
    says: /there is no hosted zone for pilot\.pay\.campus\.example\n +mend: first the bootstrap, whose state begins on disk .*cdktf deploy pilot-global;/,
  },
  {
    bad: "a missing certificate",
    change: { ListCertificates: certificates("another.example") },
    says: /certificate: us-east-1 has none for pilot\.pay\.campus\.example\n +mend: the global stack makes it/,
  },
  {
    bad: "a certificate that was never proved",
    change: { DescribeCertificate: certificate("PENDING_VALIDATION") },
    says: /is PENDING_VALIDATION\n +mend: PENDING_VALIDATION ends some minutes after the delegation/,
  },
  {
    bad: "credentials that may not read",
    change: { DescribeRegions: refusal("UnauthorizedOperation") },
    says: /regions: AWS refused to answer \(UnauthorizedOperation.*\n +mend: give these credentials the right to read/,
  },
];
test.each(cases)("$bad is said, with the way to mend it", async ({ change, says }) => expect(stopsOf(await look(change))).toMatch(says));

test("a domain that the parent zone does not delegate is said, with the records to set", async () => {
  const elsewhere = async () => ["ns.registrar.example"];
  expect(stopsOf(await look({}, { askNameServers: elsewhere }))).toMatch(
    /the world sees ns\.registrar\.example\)\n +mend: have the owner of the parent zone set these NS records .*: ns-1\.aws\.example\./,
  );
});

const mailing: Environment = { ...pilot, receiptMail: { from: "receipts@pay.campus.example" } };
const mailIsWell: Script = {
  GetEmailIdentity: { body: JSON.stringify({ VerifiedForSendingStatus: true, VerificationStatus: "SUCCESS" }) },
  GetAccount: { body: JSON.stringify({ ProductionAccessEnabled: true, SendingEnabled: true }) },
};
const lookAtMail = async (change: Script = {}): Promise<Finding[]> => {
  aws.play({ ...allIsWell, ...mailIsWell, ...change });
  return preflight(mailing, { terraform: program("1.11.4"), askNameServers: delegated });
};

test("where receipts are mailed SES is asked in both regions, elsewhere not at all", async () => {
  const findings = await lookAtMail();
  expect(stopsOf(findings)).toBe("");
  expect(findings.filter(({ about }) => about.startsWith("mail")).map(lineOf)).toEqual([
    "ok   mail from pay.campus.example in eu-north-1: verified for sending",
    "ok   mail account in eu-north-1: sends to everybody",
    "ok   mail from pay.campus.example in eu-south-1: verified for sending",
    "ok   mail account in eu-south-1: sends to everybody",
  ]);
  await look(mailIsWell);
  expect(aws.asked.filter((asked) => /^(GetEmailIdentity|GetAccount) /.test(asked))).toEqual([]);
});

const inTheSouth = (answer: Answer, name: keyof typeof mailIsWell) => (_: string, region: string) =>
  region === "eu-south-1" ? answer : (mailIsWell[name] as Answer);
const mailCases: readonly Case[] = [
  {
    bad: "a sender's domain that SES does not know in the standby's region",
    change: {
      GetEmailIdentity: inTheSouth(
        { status: 404, body: JSON.stringify({ __type: "NotFoundException", message: "no" }) },
        "GetEmailIdentity",
      ),
    },
    says: /^STOP mail from pay\.campus\.example in eu-south-1: SES does not know the domain\n +mend: aws sesv2 create-email-identity --region eu-south-1 --email-identity pay\.campus\.example; .*\.$/,
  },
  {
    bad: "a sender's domain that was never verified",
    change: {
      GetEmailIdentity: {
        body: JSON.stringify({ VerifiedForSendingStatus: false, VerificationStatus: "PENDING", DkimAttributes: { Tokens: ["abc"] } }),
      },
    },
    says: /in eu-north-1: not verified for sending \(PENDING\)\n +mend: .*abc\._domainkey\.pay\.campus\.example CNAME abc\.dkim\.amazonses\.com/,
  },
  {
    bad: "an account in SES's sandbox",
    change: { GetAccount: inTheSouth({ body: JSON.stringify({ ProductionAccessEnabled: false, SendingEnabled: true }) }, "GetAccount") },
    says: /^STOP mail account in eu-south-1: SES is in its sandbox here.*\n +mend: .*put-account-details --region eu-south-1 --production-access-enabled/,
  },
  {
    bad: "an account whose sending was paused",
    change: { GetAccount: { body: JSON.stringify({ ProductionAccessEnabled: true, SendingEnabled: false }) } },
    says: /mail account in eu-north-1: SES has paused sending .*\n +mend: read why/,
  },
  {
    bad: "credentials that may not ask SES",
    change: { GetEmailIdentity: { status: 403, body: JSON.stringify({ __type: "AccessDeniedException", message: "no" }) } },
    says: /mail in eu-north-1: AWS refused to answer \(AccessDeniedException.*\n +mend: give these credentials the right to read/,
  },
];
test.each(mailCases)("$bad is said, with the way to mend it", async ({ change, says }) =>
  expect(stopsOf(await lookAtMail(change))).toMatch(says),
);

test("a region that is not enabled is asked nothing more", async () => {
  await look({ DescribeRegions: regions("not-opted-in") });
  expect(aws.asked.filter((asked) => asked.endsWith(" eu-south-1"))).toEqual([]);
});

test("an artifact that was never published is noted, a published one is named", async () => {
  const lines = async () => (await look()).filter(({ about }) => about === "artifact").map(lineOf);
  expect(await lines()).toEqual([expect.stringContaining("none is published yet")]);
  const [fleet] = pilot.primary.api.fleets;
  const published = { ...pilot.primary.api, fleets: [{ ...fleet, artifactSha256: "ab".repeat(32) } as FleetPlan] };
  const environment = { ...pilot, primary: { ...pilot.primary, api: published }, standby: { ...pilot.standby, api: published } };
  expect(lineOf(checkArtifact(environment))).toBe("ok   artifact: abababababab");
});

test("the cost table adds up to the sum of the sizes", () => {
  const table = costTable(pilot);
  const sum = (plan: object) =>
    Object.values(plan).reduce(
      (total, part) => total + (typeof part === "object" && "monthlyUsd" in part ? Number(part.monthlyUsd) : 0),
      0,
    );
  const [north, south] = regionPlans(pilot).map(sum) as [number, number];
  expect(table).toMatch(new RegExp(`sum +${north} +${south}`));
  expect(table).toContain(`in all ${north + south + pilot.edge.monthlyUsd} of a budget of ${pilot.monthlyBudgetUsd}`);
});
