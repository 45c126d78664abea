/**
 * The headers of our pages, written once: the front of this machine, the API (for /t/{code}) and the edge send the same.
 * `frames` is "own" in the sandbox alone, where /demo shows our own pages side by side.
 */
export interface PageHeaderOptions {
  readonly frames: "none" | "own";
  /** Where a café's picture goes straight from the page: the buckets' own addresses, where there are buckets. */
  readonly uploadOrigins?: readonly string[];
}

/** Where a phone registers for pushes (firebase/messaging), after its student said yes. */
const pushHosts = "https://fcmregistrations.googleapis.com https://firebaseinstallations.googleapis.com";

/** Where whoever tops up or gives is sent to pay, by a form. */
const checkoutHosts = "https://*.razorpay.com";

export function contentSecurityPolicy({ frames, uploadOrigins = [] }: PageHeaderOptions): string {
  const own = frames === "own" ? "'self'" : "'none'";
  return [
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    ["connect-src 'self'", pushHosts, ...uploadOrigins].join(" "),
    "worker-src 'self'",
    "manifest-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    `form-action 'self' ${checkoutHosts}`,
    `frame-src ${own}`,
    `frame-ancestors ${own}`,
    // React writes no markup from strings; what registers the worker names its one address (shared/ui/trusted-types.ts).
    "require-trusted-types-for 'script'",
    "trusted-types default",
  ].join("; ");
}

/** Of the guide: its generator writes pages from strings, so no Trusted Types; still no script and no style but from a file of ours. */
export const guidePolicy = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/** By a page's header only: in the page itself it has no effect. */
export const guideHeader = ({ frames }: PageHeaderOptions): string =>
  `${guidePolicy}; frame-ancestors ${frames === "own" ? "'self'" : "'none'"}`;

export const pageHeaders = (options: PageHeaderOptions): Readonly<Record<string, string>> => ({
  "Content-Security-Policy": contentSecurityPolicy(options),
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": options.frames === "own" ? "SAMEORIGIN" : "DENY",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
});

export const hashedFile = /\/assets\/[^/]+-[\w-]{8,}\.\w+$/;

/** A page and a worker are asked for each time (304 where nothing changed); a file with a hash in its name never changes. */
export const cacheControlOf = (path: string): string => (hashedFile.test(path) ? "public, max-age=31536000, immutable" : "no-cache");

export const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".webp": "image/webp",
  ".svg": "image/svg+xml",
};

/** With nosniff a browser believes nothing else. */
export const contentTypeOf = (path: string): string => contentTypes[path.slice(path.lastIndexOf("."))] ?? "application/octet-stream";
