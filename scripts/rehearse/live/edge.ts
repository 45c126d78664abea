import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Ask } from "./ask.ts";
import { type Functions, functionHeader, functionSocket, returnHeader, startFunctions } from "./edge-functions.ts";
import { edge, nameServer } from "./places.ts";
import { standing } from "./standing.ts";

type Origin = {
  readonly Id: string;
  readonly DomainName: string;
  readonly ConnectionAttempts?: number;
  readonly ConnectionTimeout?: number;
  /** CloudFront signs what it asks of a bucket. */
  readonly OriginAccessControlId?: string;
  readonly CustomHeaders: { readonly Items?: readonly { readonly HeaderName: string; readonly HeaderValue: string }[] };
};

type Behaviour = {
  readonly PathPattern?: string;
  readonly TargetOriginId: string;
  readonly AllowedMethods: { readonly Items: readonly string[] };
  readonly FunctionAssociations?: { readonly Items?: readonly { readonly FunctionARN: string }[] };
};

type OriginGroup = {
  readonly Id: string;
  readonly Members: { readonly Items: readonly { readonly OriginId: string }[] };
  readonly FailoverCriteria: { readonly StatusCodes: { readonly Items: readonly number[] } };
};

export type Distribution = {
  readonly Aliases: { readonly Items: readonly string[] };
  readonly Origins: { readonly Items: readonly Origin[] };
  readonly OriginGroups: { readonly Items?: readonly OriginGroup[] };
  readonly DefaultCacheBehavior: Behaviour;
  readonly CacheBehaviors: { readonly Items?: readonly Behaviour[] };
};

export const readDistribution = async (ask: Ask): Promise<Distribution> => {
  const { DistributionList } = await ask<{ DistributionList: { Items?: { Id: string }[] } }>(
    "cloudfront",
    "us-east-1",
    "list_distributions",
  );
  const [first] = DistributionList.Items ?? [];
  if (!first) throw new Error("there is no distribution: the stack global was not deployed.");
  const { Distribution: found } = await ask<{ Distribution: { DistributionConfig: Distribution } }>(
    "cloudfront",
    "us-east-1",
    "get_distribution",
    { Id: first.Id },
  );
  return found.DistributionConfig;
};

const functionsOf = ({ FunctionAssociations }: Behaviour): readonly string[] =>
  (FunctionAssociations?.Items ?? []).map(({ FunctionARN }) => FunctionARN.split("/").at(-1) ?? "");

const behavioursOf = ({ CacheBehaviors, DefaultCacheBehavior }: Distribution): readonly Behaviour[] => [
  ...(CacheBehaviors.Items ?? []),
  DefaultCacheBehavior,
];

/** The code of each function that a behaviour runs, as it is published. */
export const readFunctions = async (ask: Ask, distribution: Distribution): Promise<Functions> => {
  const names = [...new Set(behavioursOf(distribution).flatMap(functionsOf))];
  const read = async (Name: string): Promise<[string, string]> => {
    const { FunctionCode } = await ask<{ FunctionCode: string }>("cloudfront", "us-east-1", "get_function", { Name, Stage: "LIVE" });
    return [Name, FunctionCode];
  };
  return Object.fromEntries(await Promise.all(names.map(read)));
};

/** The world looks at whose request it is, and not at the signature. */
const signed =
  '      proxy_set_header Authorization "AWS4-HMAC-SHA256 Credential=rehearsal/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";\n';

type Files = { readonly folder: string; readonly certificate: string; readonly key: string; readonly authority: string };

/** A place has all of its headers: with one of its own it takes none from outside. */
const asks = ({ DomainName, OriginAccessControlId, CustomHeaders, ConnectionAttempts = 3, ConnectionTimeout = 10 }: Origin): string =>
  `      proxy_pass https://$origin;
      proxy_connect_timeout ${ConnectionAttempts * ConnectionTimeout}s;
      proxy_set_header Host ${DomainName};
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_header;
      proxy_ssl_name ${DomainName};
${OriginAccessControlId ? signed : ""}${(CustomHeaders.Items ?? []).map(({ HeaderName, HeaderValue }) => `      proxy_set_header ${HeaderName} "${HeaderValue}";`).join("\n")}`;

const patternOf = ({ PathPattern }: Behaviour): string =>
  PathPattern ? `~ ^${PathPattern.replace(/[.+^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$` : "/";

/** What a function changed comes back here, under a name that no visitor may ask. */
const inside = (index: number): string => `/.behaviour-${index}`;

/** One place of the site; of two origins the second is asked when the first one answers as the group names it, or does not. */
const place = (distribution: Distribution, behaviour: Behaviour, index: number, folder: string): string => {
  const group = distribution.OriginGroups.Items?.find(({ Id }) => Id === behaviour.TargetOriginId);
  const [first, second] = (group?.Members.Items.map(({ OriginId }) => OriginId) ?? [behaviour.TargetOriginId]).map((id) => {
    const origin = distribution.Origins.Items.find(({ Id }) => Id === id);
    if (!origin) throw new Error(`a behaviour asks ${id}, and the distribution has no such origin.`);
    return origin;
  }) as [Origin, Origin?];
  const [runs] = functionsOf(behaviour);
  const methods = `      limit_except ${behaviour.AllowedMethods.Items.join(" ")} { deny all; }\n`;
  // After a rewrite that breaks off nothing is set any more.
  const named = ({ DomainName }: Origin) => `      set $origin ${DomainName};\n`;
  const returned = `      internal;
      set $token $upstream_http_x_edge_authorization;
      rewrite ^${inside(index).replace(".", "\\.")}(/.*)$ $1 break;
${first.OriginAccessControlId ? "" : "      proxy_set_header Authorization $token;\n"}`;
  const either = second
    ? `      proxy_intercept_errors on;\n      error_page ${group?.FailoverCriteria.StatusCodes.Items.join(" ")} = @second${index};\n`
    : "";
  return `${
    runs
      ? `    location ${patternOf(behaviour)} {
${methods}      proxy_pass http://unix:${functionSocket(folder)};
      proxy_set_header ${functionHeader} ${runs};
      proxy_set_header ${returnHeader} ${inside(index)};
    }
`
      : ""
  }    location ${runs ? `^~ ${inside(index)}/` : patternOf(behaviour)} {
${named(first)}${runs ? returned : methods}${either}${asks(first)}
    }
${second ? `    location @second${index} {\n${named(second)}${asks(second)}\n    }\n` : ""}`;
};

/** A region that is lost makes a line of each request: not for the screen. */
export const edgeErrors = (folder: string): string => join(folder, "edge.log");

/** nginx as the distribution says: behaviours, origins and their headers. It caches nothing and has no web ACL. */
export const edgeConfig = (distribution: Distribution, files: Files): string => `daemon off;
# What it writes lies in a folder that only we may enter.
user root;
# nginx deletes this file when it ends: never a device.
pid ${files.folder}/edge.pid;
error_log ${edgeErrors(files.folder)} error;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${files.folder}/edge-body;
  proxy_temp_path ${files.folder}/edge-proxy;
  resolver ${nameServer} valid=1s ipv6=off;
  map $http_upgrade $connection_header { default upgrade; "" ""; }
  server {
    listen ${edge}:443 ssl;
    server_name ${distribution.Aliases.Items.join(" ")};
    ssl_certificate ${files.certificate};
    ssl_certificate_key ${files.key};
    client_max_body_size 20m;
    proxy_http_version 1.1;
    proxy_buffering off;
    proxy_read_timeout 60s;
    proxy_ssl_server_name on;
    proxy_ssl_verify on;
    proxy_ssl_trusted_certificate ${files.authority};
${behavioursOf(distribution)
  .map((behaviour, index) => place(distribution, behaviour, index, files.folder))
  .join("\n")}
  }
}
`;

export const startEdge = async (distribution: Distribution, functions: Functions, files: Files): Promise<void> => {
  const file = join(files.folder, "edge.conf");
  writeFileSync(file, edgeConfig(distribution, files));
  await startFunctions(functions, functionSocket(files.folder));
  standing("nginx", ["-c", file, "-e", edgeErrors(files.folder)]);
};
