const address = "http://169.254.169.254/latest";
const timeoutMs = 2_000;

/** Reads one path of the machine's metadata, by a token as IMDSv2 wants it; undefined where there is no such path. */
export async function readMetadata(path: string): Promise<string | undefined> {
  const headers = { "X-aws-ec2-metadata-token-ttl-seconds": "60" };
  const token = await fetch(`${address}/api/token`, { method: "PUT", headers, signal: AbortSignal.timeout(timeoutMs) });
  if (!token.ok) throw new Error(`The metadata gave no token: ${token.status}`);
  const answer = await fetch(`${address}/meta-data/${path}`, {
    headers: { "X-aws-ec2-metadata-token": await token.text() },
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (answer.status === 404) return undefined;
  if (!answer.ok) throw new Error(`The metadata refused ${path}: ${answer.status}`);
  return answer.text();
}
