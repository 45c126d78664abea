import { spawnSync } from "node:child_process";
import { SSMClient } from "@aws-sdk/client-ssm";
import { PlainError } from "../../app/local/plain-error.ts";
import { clientSettings } from "../preflight/client-settings.ts";

/** What the app may do: all but what empties or reconfigures. */
const access = "on ~* &* +@all -@dangerous +info";

/**
 * Redis' user is born switched off; this gives it its password. ElastiCache's client is worth no dependency for one call: curl signs
 * it, as on a machine's first boot. Keys and password go through standard input, not through the list of processes.
 */
export async function openRedisUser(region: string, user: string, password: string): Promise<void> {
  const { accessKeyId, secretAccessKey, sessionToken } = await new SSMClient(clientSettings(region)).config.credentials();
  const fields = { Action: "ModifyUser", Version: "2015-02-02", UserId: user, AccessString: access, "Passwords.member.1": password };
  const quoted = (text: string) => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  const config = [
    `url = ${quoted(process.env.AWS_ENDPOINT_URL ?? `https://elasticache.${region}.amazonaws.com/`)}`,
    `aws-sigv4 = ${quoted(`aws:amz:${region}:elasticache`)}`,
    `user = ${quoted(`${accessKeyId}:${secretAccessKey}`)}`,
    ...(sessionToken ? [`header = ${quoted(`x-amz-security-token: ${sessionToken}`)}`] : []),
    `data = ${quoted(new URLSearchParams(fields).toString())}`,
  ];
  const { status, stdout, stderr } = spawnSync("curl", ["-sS", "--fail-with-body", "--max-time", "30", "--config", "-"], {
    input: config.join("\n"),
    encoding: "utf8",
  });
  if (status === 0) return;
  const reason = /<Message>([^<]*)/.exec(stdout)?.[1] ?? stderr.trim();
  throw new PlainError(`Redis' user ${user} in ${region} did not take its password: ${reason} (curl 7.75 or newer signs the call).`);
}
