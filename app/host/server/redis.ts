import { appendFileSync, chownSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { writeWhole } from "../write-whole.ts";
import { systemctl } from "./run.ts";
import type { ServerSecrets } from "./secrets.ts";

const own = "/etc/redis/campus-pay.conf";
const debians = "/etc/redis/redis.conf";
const include = `include ${own}`;

/** Debian's Redis on loopback, with a password; it holds nothing that PostgreSQL does not know better, so nothing is written to the disk. */
export function configureRedis({ redisPassword }: ServerSecrets): void {
  writeWhole(own, `requirepass ${redisPassword}\nmaxmemory 256mb\nmaxmemory-policy volatile-ttl\nsave ""\nappendonly no\n`, 0o640);
  const { uid, gid } = statSync(debians);
  chownSync(own, uid, gid);
  if (!readFileSync(debians, "utf8").split("\n").includes(include)) appendFileSync(debians, `\n${include}\n`);
  systemctl("enable", "--quiet", "redis-server.service");
  systemctl("restart", "redis-server.service");
}

/** Redis as Debian has it again. */
export function leaveRedis(): void {
  writeFileSync(debians, readFileSync(debians, "utf8").replace(`\n${include}\n`, ""));
  rmSync(own, { force: true });
  systemctl("restart", "redis-server.service");
}
