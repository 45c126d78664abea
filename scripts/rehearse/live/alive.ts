import type { Demo } from "../../../app/local/demo/demo.ts";
import type { LocalSecrets } from "../../../app/local/secrets.ts";
import type { Certificates } from "../../machine/certificates.ts";
import type { Ask } from "./ask.ts";
import type { Site } from "./campus.ts";
import type { Cache, Database } from "./databases.ts";
import type { Distribution } from "./edge.ts";
import type { Instances } from "./instances.ts";
import type { Place } from "./places.ts";
import type { Region } from "./region.ts";

export type Campus = {
  readonly ask: Ask;
  readonly places: readonly Place[];
  readonly certificates: Certificates;
  readonly secrets: LocalSecrets;
  readonly distribution: Distribution;
  readonly host: string;
  readonly site: Site;
  readonly publishNames: () => Promise<void>;
};

/** The other region, and the databases of both. */
export type Standby = { readonly region: Region; readonly instances: Instances };

/** With machines that serve, a database and people. */
export type Alive = Campus &
  Database & {
    readonly region: Region;
    /** Where a drill asks for two regions. */
    readonly standby: Standby | undefined;
    readonly cache: Cache;
    readonly demo: Demo;
    /** The newest one-time password that was sent to a phone. */
    readonly codeOf: (phone: string) => string | undefined;
  };
