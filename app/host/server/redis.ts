import { appendFileSync, chownSync, readFileSync, statSync } from "node:fs";
import { writeWhole } from "./places.ts";
import { systemctl } from "./run.ts";
import type { ServerSecrets } from "./secrets.ts";

const own = "/etc/redis/campus-pay.conf";
const debians = "/etc/redis/redis.conf";

/** Debian's Redis on loopback, with a password; it holds nothing that PostgreSQL does not know better, so nothing is written to the disk. */
export function configureRedis({ redisPassword }: ServerSecrets): void {
  writeWhole(own, `requirepass ${redisPassword}\nmaxmemory 256mb\nmaxmemory-policy volatile-ttl\nsave ""\nappendonly no\n`, 0o640);
  const { uid, gid } = statSync(debians);
  chownSync(own, uid, gid);
  const include = `include ${own}`;
  if (!readFileSync(debians, "utf8").split("\n").includes(include)) appendFileSync(debians, `\n${include}\n`);
  systemctl("enable", "--quiet", "redis-server.service");
  systemctl("restart", "redis-server.service");
}
