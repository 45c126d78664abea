export type Boot = {
  readonly artifactBucket: string;
  readonly artifactSha256: string;
  readonly region: string;
  /** Serve, or bring the database to this artifact and end. */
  readonly program: "start" | "migrate";
  /** The app's environment: addresses and ids of secrets. A secret's value never stands here. */
  readonly environment: Readonly<Record<string, string>>;
};

const digest = /^[0-9a-f]{64}$/;

/** What a machine does at its first boot: fetch the artifact that its digest names, prove it, start it. */
export function bootScript(boot: Boot): string {
  if (!digest.test(boot.artifactSha256)) {
    throw new Error(
      `the artifact "${boot.artifactSha256}" is not a sha256 in hexadecimal; publish the artifact and write its digest in regions/artifacts.ts.`,
    );
  }
  const variables = Object.entries(boot.environment).map(([name, value]) => `${name}=${value}`);
  return `#!/bin/bash
set -euo pipefail
artifact=${boot.artifactSha256}
home=/opt/campus-pay/$artifact
install -d -m 0755 /etc/campus-pay "$home"
cat > /etc/campus-pay/environment <<'END'
${variables.join("\n")}
END
metadata() { curl -sf -m 5 --retry 5 --retry-connrefused -H "X-aws-ec2-metadata-token: $token" "http://169.254.169.254/latest/meta-data/$1"; }
token=$(curl -sf -m 5 --retry 5 --retry-connrefused -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 300" http://169.254.169.254/latest/api/token)
credentials=$(metadata "iam/security-credentials/$(metadata iam/security-credentials/)")
credential() { sed -n "s/.*\\"$1\\" *: *\\"\\([^\\"]*\\)\\".*/\\1/p" <<<"$credentials"; }
# Signed by curl itself: the image needs no program of AWS. The keys go through standard input, not through the list of processes.
curl -sS --fail-with-body --retry 5 --config - -o /tmp/artifact.tar.gz <<END || { echo "campus-pay: no artifact $artifact in ${boot.artifactBucket}: publish one, then replace this machine" >&2; exit 1; }
url = "https://${boot.artifactBucket}.s3.${boot.region}.amazonaws.com/releases/$artifact.tar.gz"
aws-sigv4 = "aws:amz:${boot.region}:s3"
user = "$(credential AccessKeyId):$(credential SecretAccessKey)"
header = "x-amz-security-token: $(credential Token)"
header = "x-amz-content-sha256: UNSIGNED-PAYLOAD"
END
echo "$artifact  /tmp/artifact.tar.gz" | sha256sum --check --quiet \\
  || { echo "campus-pay: the bytes of the artifact are not those that $artifact names: not started" >&2; exit 1; }
tar -xzf /tmp/artifact.tar.gz -C "$home" --no-same-owner
ln -sfn "$home" /opt/campus-pay/current
exec /opt/campus-pay/current/host/${boot.program}
`;
}
