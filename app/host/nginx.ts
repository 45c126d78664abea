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
  const { firstPort = firstApiPort } = place;
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

  server {
    listen ${port} ssl;
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

    # Our own words where no process answers; what the app itself refuses passes as it is.
    error_page 502 504 = @unavailable;
    error_page 418 = @keyed;

    # The load balancer takes a 503 of the app for a sign of life, since its database may be lost. Ours, where no process answers, is none.
    location ~ ^/(ready|health)$ { error_page 502 504 = @dead; proxy_pass http://api; }
    location @dead { return 500; }

    # True of one process alone, and nobody's business outside.
    location = /metrics { return 404; }
    location ~ ${keyedPaths} { proxy_next_upstream error timeout non_idempotent; proxy_pass http://api; }
    location / {
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
  }
}
`;
}
