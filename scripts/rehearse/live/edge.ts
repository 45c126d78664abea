import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Ask } from "./ask.ts";
import { edge, nameServer } from "./places.ts";
import { standing } from "./standing.ts";

type Origin = {
  readonly Id: string;
  readonly DomainName: string;
  /** CloudFront signs what it asks of a bucket. */
  readonly OriginAccessControlId?: string;
  readonly CustomHeaders: { readonly Items?: readonly { readonly HeaderName: string; readonly HeaderValue: string }[] };
};

type Behaviour = {
  readonly PathPattern?: string;
  readonly TargetOriginId: string;
  readonly AllowedMethods: { readonly Items: readonly string[] };
  readonly FunctionAssociations?: { readonly Quantity: number };
};

export type Distribution = {
  readonly Aliases: { readonly Items: readonly string[] };
  readonly DefaultRootObject: string;
  readonly Origins: { readonly Items: readonly Origin[] };
  readonly OriginGroups: {
    readonly Items?: readonly { readonly Id: string; readonly Members: { readonly Items: readonly { readonly OriginId: string }[] } }[];
  };
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

/** The world looks at whose request it is, and not at the signature. */
const signed =
  '      proxy_set_header Authorization "AWS4-HMAC-SHA256 Credential=rehearsal/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";\n';

type Files = { readonly folder: string; readonly certificate: string; readonly key: string; readonly authority: string };

const place = (distribution: Distribution, behaviour: Behaviour): string => {
  const group = distribution.OriginGroups.Items?.find(({ Id }) => Id === behaviour.TargetOriginId);
  const originId = group?.Members.Items[0]?.OriginId ?? behaviour.TargetOriginId;
  const origin = distribution.Origins.Items.find(({ Id }) => Id === originId);
  if (!origin) throw new Error(`a behaviour asks ${originId}, and the distribution has no such origin.`);
  const pattern = behaviour.PathPattern ? `~ ^${behaviour.PathPattern.replace(/[.+^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$` : "/";
  const single = behaviour.FunctionAssociations?.Quantity
    ? [`rewrite ^/$ /${distribution.DefaultRootObject} break;`, "rewrite ^(/[^.]*)/[^./]*$ $1/index.html break;"]
    : [];
  return `    location ${pattern} {
      set $origin ${origin.DomainName};
      ${single.join(" ")}
      limit_except ${behaviour.AllowedMethods.Items.join(" ")} { deny all; }
      proxy_pass https://$origin;
      proxy_set_header Host ${origin.DomainName};
      proxy_ssl_name ${origin.DomainName};
${origin.OriginAccessControlId ? signed : ""}${(origin.CustomHeaders.Items ?? []).map(({ HeaderName, HeaderValue }) => `      proxy_set_header ${HeaderName} "${HeaderValue}";`).join("\n")}
    }`;
};

/** nginx as the distribution says: behaviours, origins and their headers. It caches nothing and has no web ACL. */
export const edgeConfig = (distribution: Distribution, files: Files): string => `daemon off;
# What it writes lies in a folder that only we may enter.
user root;
# nginx deletes this file when it ends: never a device.
pid ${files.folder}/edge.pid;
error_log stderr error;
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
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_header;
${[...(distribution.CacheBehaviors.Items ?? []), distribution.DefaultCacheBehavior].map((behaviour) => place(distribution, behaviour)).join("\n")}
  }
}
`;

export const startEdge = (distribution: Distribution, files: Files): void => {
  const file = join(files.folder, "edge.conf");
  writeFileSync(file, edgeConfig(distribution, files));
  standing("nginx", ["-c", file, "-e", "stderr"]);
};
