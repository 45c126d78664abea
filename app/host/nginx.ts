import { contentSecurityPolicy, contentTypes, guideHeader, hashedFile, pageHeaders } from "../web/page-headers.ts";

/** The first of the ports on which the API's processes listen, on loopback. */
export const firstApiPort = 8081;

export interface NginxOptions {
  readonly apiProcesses: number;
  /** Where the load balancer, or everybody, asks. */
  readonly port: number;
  /** The folder of certificate.pem and key.pem. */
  readonly credentials: string;
  readonly drainSeconds: number;
  /** Where its process id and unfinished bodies are; the unit's own folder unless said. */
  readonly runtime?: string;
  readonly accessLog?: string;
  readonly firstPort?: number;
  /** One server without an edge before it: nginx answers the public name itself, port 80 too, and serves the web apps. */
  readonly site?: Site;
}

export interface Site {
  readonly domain: string;
  readonly ipv6: boolean;
  /** The web apps as webFilesOf lays them out: the student's at the root, the others below their names. */
  readonly web: string;
  /** Where certbot puts what the authority asks to see. */
  readonly challenges: string;
}

/** Requests that may be sent a second time after the first was perhaps received: the app answers a repetition with the first answer. */
const keyedPaths = "^/api/v1/(charges/[^/]+/(confirm|decline)|pos/scans|webhooks/gateway)$";

const unavailable = JSON.stringify({
  error: { code: "TEMPORARILY_UNAVAILABLE", message: "The service is being restarted. Try again in a moment.", details: {} },
});

/**
 * nginx in front of the API's processes. What was measured: a process that restarts makes nginx's default (max_fails=1) answer
 * three of four requests with 502; with max_fails=0, last words and a second try for keyed requests none of 17,289 failed.
 */
export function nginxConfig({ apiProcesses, port, credentials, drainSeconds, ...place }: NginxOptions): string {
  const { runtime = "/run/campus-pay-nginx", accessLog = "syslog:server=unix:/dev/log,nohostname,tag=campus_pay_nginx json" } = place;
  const { firstPort = firstApiPort, site } = place;
  const servers = Array.from({ length: apiProcesses }, (_, index) => `    server 127.0.0.1:${firstPort + index} max_fails=0;`);
  return `daemon off;
worker_processes auto;
pid ${runtime}/pid;
error_log stderr warn;
# A reload keeps an old worker for as long as one stream lives, unless it is cut.
worker_shutdown_timeout ${drainSeconds}s;
worker_rlimit_nofile 65536;
events { worker_connections 16384; }
http {
  server_tokens off;
  # Path and no query, and no header of the client: tokens stand in those.
  log_format json escape=json '{"at":"$time_iso8601","request_id":"$sent_http_x_request_id","method":"$request_method","path":"$uri",'
    '"status":$status,"bytes":$body_bytes_sent,"seconds":$request_time,"upstream":"$upstream_addr","upstream_status":"$upstream_status"}';
  access_log ${accessLog};
  client_body_temp_path ${runtime}/body;
  proxy_temp_path ${runtime}/proxy;
  fastcgi_temp_path ${runtime}/fastcgi;
  uwsgi_temp_path ${runtime}/uwsgi;
  scgi_temp_path ${runtime}/scgi;

  # An empty Connection keeps the upstream's connection; a fixed one opened 3,802 of them for 4,000 requests.
  map $http_upgrade $connection_header { default upgrade; "" ""; }

  upstream api {
    zone api 256k;
    least_conn;
${servers.join("\n")}
    keepalive 64;
    # Below Node's 65 s, as the load balancer's 60 s is below our 75 s: who asks closes first.
    keepalive_timeout 55s;
  }

  proxy_http_version 1.1;
  proxy_set_header Host $host;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header X-Forwarded-Proto https;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection $connection_header;
  proxy_connect_timeout 1s;
  # A live connection has a pulse every 15 s.
  proxy_read_timeout 60s;
  proxy_send_timeout 30s;
  proxy_next_upstream error timeout;
  proxy_next_upstream_tries 2;
  proxy_next_upstream_timeout 10s;

${site ? siteServers(site) : ""}  server {
    listen ${port} ssl;${site?.ipv6 ? `\n    listen [::]:${port} ssl;` : ""}
    ssl_certificate ${credentials}/certificate.pem;
    ssl_certificate_key ${credentials}/key.pem;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache shared:tls:4m;
    keepalive_timeout 75s;
    keepalive_requests 100000;
    client_header_timeout 10s;
    client_body_timeout 10s;
    send_timeout 30s;
    reset_timedout_connection on;
    large_client_header_buffers 4 16k;
    # The largest that any route takes; the app holds each one to its own.
    client_max_body_size 10m;

${site ? `    server_name ${site.domain};\n` : ""}    # Our own words where no process answers; what the app itself refuses passes as it is.
    error_page 502 504 = @unavailable;
    error_page 418 = @keyed;
    # Else a request with a key, sent on by 418, would have nginx's own page where no process answers.
    recursive_error_pages on;

    # The load balancer takes a 503 of the app for a sign of life, since its database may be lost. Ours, where no process answers, is none.
    location ~ ^/(ready|health)$ { error_page 502 504 = @dead; proxy_pass http://api; }
    location @dead { return 500; }

    # True of one process alone, and nobody's business outside.
    location = /metrics { return 404; }
    location ~ ${keyedPaths} { proxy_next_upstream error timeout non_idempotent; proxy_pass http://api; }
    location ${site ? apiPaths : "/"} {
      if ($http_idempotency_key) { return 418; }
      proxy_pass http://api;
    }
    location @keyed { proxy_next_upstream error timeout non_idempotent; proxy_pass http://api; }
    location @unavailable {
      default_type application/json;
      add_header Retry-After 2 always;
      add_header Cache-Control no-store always;
      return 503 '${unavailable}';
    }
${site ? webLocations(site) : ""}  }
}
`;
}

/** What the edge sends to the API (stacks/edge-origins.ts); everything else is a file. */
export const apiPaths = "~ ^/(api/|health$|ready$|openapi\\.json$|docs|ops(/|$)|t/|\\.well-known/)";

/** As the edge compresses and names things; a name with a hash in it never changes. */
const siteServers = ({ domain, ipv6, challenges }: Site): string => `  gzip on;
  gzip_min_length 1000;
  gzip_types text/css text/javascript application/json application/manifest+json image/svg+xml;
  charset utf-8;
  charset_types text/css text/javascript text/plain;
  default_type application/octet-stream;
  types {
${Object.entries(contentTypes)
  .map(([ending, type]) => `    ${type.replace(/;.*/, "")} ${ending.slice(1)};`)
  .join("\n")}
  }
  map $uri $cache_control { "~${hashedFile.source}" "public, max-age=31536000, immutable"; default no-cache; }

  server {
    listen 80;${ipv6 ? "\n    listen [::]:80;" : ""}
    location /.well-known/acme-challenge/ { root ${challenges}; default_type text/plain; }
    location / { return 308 https://${domain}$request_uri; }
  }

`;

/** As the edge's function routes them (stacks/spa-routing.js): a path without a file's ending is a page of an app. */
function webLocations({ web }: Site): string {
  const headers = Object.entries(pageHeaders({ frames: "none" })).filter(([name]) => name !== "Content-Security-Policy");
  const sent = (policy: string) =>
    [
      ...headers,
      ["Content-Security-Policy", policy],
      ["Cache-Control", "$cache_control"],
      ["Strict-Transport-Security", "max-age=63072000"],
    ]
      .map(([name, value]) => `      add_header ${name} "${value}" always;`)
      .join("\n");
  const files = (place: string, tried: string, policy = contentSecurityPolicy({ frames: "none" })) =>
    `    location ${place} {\n      root ${web};\n      try_files ${tried} =404;\n${sent(policy)}\n    }\n`;
  return [
    "    location = /guide { return 308 /guide/; }\n",
    files("^~ /guide/", "$uri $uri/index.html", guideHeader({ frames: "none" })),
    files("~ \\.[^/]*$", "$uri"),
    files("~ ^/(cafe|pos)(/|$)", "/$1/index.html"),
    files("/", "/index.html"),
  ].join("");
}
