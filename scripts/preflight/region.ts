import {
  DescribeAvailabilityZonesCommand,
  DescribeInstanceTypeOfferingsCommand,
  DescribeRegionsCommand,
  EC2Client,
} from "@aws-sdk/client-ec2";
import { DescribeOrderableDBInstanceOptionsCommand, DescribeSourceRegionsCommand, RDSClient } from "@aws-sdk/client-rds";
import { capabilities, type Environment, type RegionPlan, regionPlans } from "../../regions/index.ts";
import { clientSettings } from "./client-settings.ts";
import { type Finding, fine, note, stop } from "./finding.ts";

/** The regions that the account has not switched on: nothing else can be asked about them. */
export async function checkRegionsEnabled(environment: Environment): Promise<Finding[]> {
  const ec2 = new EC2Client(clientSettings(environment.primary.region));
  const { Regions: regions = [] } = await ec2.send(new DescribeRegionsCommand({ AllRegions: true }));
  ec2.destroy();
  return regionPlans(environment).map(({ region }) => {
    const about = `region ${region}`;
    const status = regions.find((one) => one.RegionName === region)?.OptInStatus;
    if (status === "opt-in-not-required" || status === "opted-in") return fine(about, `${capabilities[region].city}, enabled`);
    return stop(
      about,
      status ? `not enabled for this account (${status})` : "this account does not know it",
      `enable it (some minutes, by an administrator): aws account enable-region --region-name ${region}; then run preflight again.`,
    );
  });
}

/** Whether this account really gets, in this region, the machines that the plan asks for. */
export async function checkRegion(plan: RegionPlan): Promise<Finding[]> {
  return [...(await checkZones(plan)), await checkInstanceType(plan), await checkDatabaseClass(plan)];
}

async function checkZones({ region }: RegionPlan): Promise<Finding[]> {
  const ec2 = new EC2Client(clientSettings(region));
  const { AvailabilityZones: zones = [] } = await ec2.send(new DescribeAvailabilityZonesCommand({}));
  ec2.destroy();
  const found = zones.filter((zone) => zone.State === "available").map((zone) => zone.ZoneName);
  const missing = capabilities[region].zones.filter((zone) => !found.includes(zone));
  if (missing.length === 0) return [fine(`zones of ${region}`, capabilities[region].zones.join(", "))];
  return [
    stop(
      `zones of ${region}`,
      `${missing.join(", ")} cannot be used now (there are ${found.join(", ")})`,
      "look at AWS Health; if a zone is gone for good, mend regions/capabilities.ts.",
    ),
  ];
}

async function checkInstanceType({ region, api }: RegionPlan): Promise<Finding> {
  const ec2 = new EC2Client(clientSettings(region));
  const { InstanceTypeOfferings: offers = [] } = await ec2.send(
    new DescribeInstanceTypeOfferingsCommand({
      LocationType: "availability-zone",
      Filters: [{ Name: "instance-type", Values: [api.instanceType] }],
    }),
  );
  ec2.destroy();
  const about = `machines in ${region}`;
  const missing = capabilities[region].zones.filter((zone) => !offers.some((offer) => offer.Location === zone));
  if (missing.length === 0) return fine(about, `${api.instanceType} in every zone`);
  return stop(
    about,
    `${api.instanceType} is not offered in ${missing.join(", ")}`,
    `choose another size for ${region} in regions/ (api.instanceType), of the families ${capabilities[region].instanceFamilies.join(", ")}.`,
  );
}

const engine = { name: "postgres", major: "18" };

async function checkDatabaseClass({ region, database }: RegionPlan): Promise<Finding> {
  const rds = new RDSClient(clientSettings(region));
  const { OrderableDBInstanceOptions: options = [] } = await rds.send(
    new DescribeOrderableDBInstanceOptionsCommand({ Engine: engine.name, DBInstanceClass: database.instanceClass, Vpc: true }),
  );
  rds.destroy();
  const about = `database in ${region}`;
  if (options.some((option) => option.EngineVersion?.startsWith(`${engine.major}.`)))
    return fine(about, `${database.instanceClass} with PostgreSQL ${engine.major}`);
  const versions = [...new Set(options.map((option) => option.EngineVersion))];
  return stop(
    about,
    `${database.instanceClass} with PostgreSQL ${engine.major} cannot be ordered (${versions.length > 0 ? `only with ${versions.join(", ")}` : "not at all"})`,
    `choose another class for ${region} in regions/ (database.instanceClass), of the families ${capabilities[region].databaseFamilies.join(", ")}.`,
  );
}

/** Not needed: the replica and the daily copy are the design. Said, so that the operator knows what could be added. */
export async function askBackupReplication({ primary, standby }: Environment): Promise<Finding> {
  const rds = new RDSClient(clientSettings(standby.region));
  const { SourceRegions: sources = [] } = await rds.send(new DescribeSourceRegionsCommand({})).catch(() => ({ SourceRegions: [] }));
  rds.destroy();
  const possible = sources.find((one) => one.RegionName === primary.region)?.SupportsDBInstanceAutomatedBackupsReplication === true;
  return note(
    "backups",
    `RDS ${possible ? "could" : "does not"} copy automated backups from ${primary.region} to ${standby.region}; we use a replica and a daily copy`,
  );
}
