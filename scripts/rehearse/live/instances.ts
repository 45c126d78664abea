import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Cluster, ClusterOptions } from "../../../app/local/cluster.ts";
import { promoteCopy, startCopy } from "../../../app/local/copies.ts";
import type { LocalSecrets } from "../../../app/local/secrets.ts";
import type { Ask } from "./ask.ts";
import { carryTo, serverOptions, type TlsFiles } from "./databases.ts";
import type { Place } from "./places.ts";

/** An instance of RDS as the world tells of it. Its own id stays when its name changes. */
type Told = {
  readonly DBInstanceIdentifier: string;
  readonly DbiResourceId: string;
  readonly Endpoint: { readonly Address: string };
  readonly ReadReplicaSourceDBInstanceIdentifier?: string;
};

type Standing = { readonly cluster: Cluster; isCopy: boolean };

/** What answers at a region's endpoint. */
type Carried = { readonly cluster: Cluster; readonly carrier: ChildProcess };

export type InstancesOptions = {
  readonly ask: Ask;
  readonly places: readonly Place[];
  /** The one that writes from the first. */
  readonly writer: Cluster;
  readonly folder: string;
  readonly secrets: LocalSecrets;
  readonly tls: TlsFiles;
};

/** Makes true what the world says of RDS: who is a copy follows, who is promoted writes, and a name leads to whoever bears it. */
export class Instances {
  private readonly options: InstancesOptions;
  private readonly standing = new Map<string, Standing>();
  private readonly carried = new Map<Place, Carried>();
  /** Each region's endpoint is that of the name which its database has at first. */
  private readonly atFirst = new Map<Place, Told>();

  constructor(options: InstancesOptions) {
    this.options = options;
  }

  /** One look at the world. The first one makes the copies that Terraform asked for. */
  async follow(): Promise<void> {
    const { ask, places, writer } = this.options;
    const told = new Map<Place, readonly Told[]>();
    for (const place of places) {
      const { DBInstances } = await ask<{ DBInstances: Told[] }>("rds", place.region, "describe_db_instances");
      told.set(place, DBInstances);
      for (const one of DBInstances) {
        if (!one.ReadReplicaSourceDBInstanceIdentifier && this.standing.size === 0)
          this.standing.set(one.DbiResourceId, { cluster: writer, isCopy: false });
      }
    }
    for (const [place, instances] of told) {
      for (const one of instances) await this.makeTrue(one, told);
      await this.answerAtEndpoint(place, instances);
    }
  }

  /** Who answers at a region's endpoint. */
  at(place: Place): Cluster {
    const carried = this.carried.get(place);
    if (!carried) throw new Error(`no database answers in ${place.region}.`);
    return carried.cluster;
  }

  async stop(): Promise<void> {
    for (const { carrier } of this.carried.values()) carrier.kill();
    for (const { cluster } of this.standing.values()) await cluster.kill();
  }

  /** What the region's machines call it. */
  addressOf(place: Place): string {
    return this.atFirst.get(place)?.Endpoint.Address ?? "";
  }

  private async makeTrue(told: Told, all: ReadonlyMap<Place, readonly Told[]>): Promise<void> {
    const { DBInstanceIdentifier: name, DbiResourceId: id, ReadReplicaSourceDBInstanceIdentifier: source } = told;
    const known = this.standing.get(id);
    if (!known && !source) throw new Error(`${name} is no copy, and nobody made it here.`);
    if (!known && source) this.standing.set(id, { cluster: await this.copyOf(source, id, all), isCopy: true });
    if (!known?.isCopy || source) return;
    await promoteCopy(known.cluster);
    known.isCopy = false;
  }

  private async copyOf(arn: string, id: string, all: ReadonlyMap<Place, readonly Told[]>): Promise<Cluster> {
    const { folder, secrets, tls } = this.options;
    const [region, name] = [arn.split(":")[3], arn.split(":").at(-1)];
    const [place, instances = []] = [...all].find(([one]) => one.region === region) ?? [];
    const source = this.standing.get(instances.find(({ DBInstanceIdentifier }) => DBInstanceIdentifier === name)?.DbiResourceId ?? "");
    if (!place || !source) throw new Error(`${arn}, which is to be copied, does not stand.`);
    const options: ClusterOptions = serverOptions(folder, `postgres-${id}`, secrets, tls);
    return startCopy({ cluster: source.cluster, host: place.database, port: 5432, authority: tls.authority }, options);
  }

  private async answerAtEndpoint(place: Place, instances: readonly Told[]): Promise<void> {
    const [first] = instances;
    if (first && !this.atFirst.has(place)) this.atFirst.set(place, first);
    const name = this.atFirst.get(place)?.DBInstanceIdentifier;
    const bearer = instances.find(({ DBInstanceIdentifier }) => DBInstanceIdentifier === name);
    const cluster = this.standing.get(bearer?.DbiResourceId ?? "")?.cluster;
    const before = this.carried.get(place);
    if (before?.cluster === cluster) return;
    if (before) {
      this.carried.delete(place);
      before.carrier.kill();
      await once(before.carrier, "exit");
    }
    if (cluster) this.carried.set(place, { cluster, carrier: await carryTo(cluster, this.options.folder, place) });
  }
}
