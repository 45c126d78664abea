import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import path from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { studentPages } from "../web/apps.ts";
import { cacheControlOf, contentTypeOf, guideHeader, pageHeaders } from "../web/page-headers.ts";

const compress = promisify(gzip);
const compressible = /^(text|application)\//;
const smallestCompressedBytes = 1_000;

/** The web apps' files, as the edge serves them: pages with our policy, hashed files for ever, a missing file as 404. */
export interface Pages {
  /** True where the request was for a page or one of its files, and is answered. */
  answer(incoming: IncomingMessage, answer: ServerResponse): boolean;
}

interface StoredFile {
  readonly changedMs: number;
  readonly bytes: Buffer;
  readonly etag: string;
  zipped?: Promise<Buffer>;
}

interface PagesOptions {
  /** Where the builds are: student, pos, cafe, demo. */
  readonly folder: string;
  /** What /demo/campus.json says: the demo's logins. Given on this machine alone. */
  readonly demo?: () => unknown;
}

export function openPages({ folder, demo }: PagesOptions): Pages {
  const files = new Map<string, StoredFile>();
  const headers = pageHeaders({ frames: "own" });

  const read = (file: string): StoredFile | undefined => {
    const found = statSync(file, { throwIfNoEntry: false });
    if (!found?.isFile()) return undefined;
    const known = files.get(file);
    if (known?.changedMs === found.mtimeMs) return known;
    const bytes = readFileSync(file);
    const stored = { changedMs: found.mtimeMs, bytes, etag: `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 24)}"` };
    files.set(file, stored);
    return stored;
  };

  const send = async (incoming: IncomingMessage, answer: ServerResponse, file: string, pathname: string): Promise<void> => {
    const stored = read(file);
    for (const [name, value] of Object.entries(headers)) if (!answer.hasHeader(name)) answer.setHeader(name, value);
    if (!stored)
      return void answer
        .writeHead(404, { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store" })
        .end("There is no such file.\n");
    const type = contentTypeOf(file);
    answer.setHeader("Content-Type", type);
    answer.setHeader("Cache-Control", cacheControlOf(pathname));
    answer.setHeader("ETag", stored.etag);
    answer.setHeader("Vary", "Accept-Encoding");
    if (incoming.headers["if-none-match"] === stored.etag) return void answer.writeHead(304).end();
    const isZipped =
      /\bgzip\b/.test(String(incoming.headers["accept-encoding"] ?? "")) &&
      compressible.test(type) &&
      stored.bytes.length > smallestCompressedBytes;
    if (isZipped) {
      stored.zipped ??= compress(stored.bytes);
      answer.setHeader("Content-Encoding", "gzip");
    }
    const bytes = isZipped ? await stored.zipped : stored.bytes;
    answer.end(incoming.method === "HEAD" ? undefined : bytes);
  };

  /** A page of the guide; its own 404 for what is none, and a page that asks again while the first one is being built. */
  const sendGuide = async (incoming: IncomingMessage, answer: ServerResponse, pathname: string): Promise<void> => {
    const guide = path.join(folder, "guide");
    answer.setHeader("Content-Security-Policy", guideHeader({ frames: "own" }));
    if (!existsSync(path.join(guide, "index.html")))
      return void answer
        .writeHead(503, { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store", "Retry-After": "5", Refresh: "5" })
        .end("The guide is being built, which takes half a minute at the first start. This page asks again by itself.\n");
    const file = inside(guide, pathname.endsWith("/") ? `${pathname}index.html` : pathname);
    const isThere = read(file) !== undefined;
    if (!isThere) answer.statusCode = 404;
    await send(incoming, answer, isThere ? file : path.join(guide, "404.html"), pathname);
  };

  return {
    answer(incoming, answer) {
      if (incoming.method !== "GET" && incoming.method !== "HEAD") return false;
      const pathname = pathOf(incoming.url);
      if (pathname === undefined) return false;
      const bare = /^\/(cafe|pos|demo|guide)$/.exec(pathname);
      if (bare) {
        answer.writeHead(308, { Location: `${pathname}/` }).end();
        return true;
      }
      if (pathname === "/demo/campus.json" && demo) {
        answerDemo(incoming, answer, demo);
        return true;
      }
      if (pathname.startsWith("/guide/")) {
        void sendGuide(incoming, answer, pathname.slice("/guide".length)).catch(() => answer.destroy());
        return true;
      }
      const file = fileOf(folder, pathname);
      if (!file) return false;
      void send(incoming, answer, file, pathname).catch(() => answer.destroy());
      return true;
    },
  };
}

/** Undefined for what is no path: "*", "http://elsewhere/". Of "//x" the x is no host. */
const pathOf = (target = "/"): string | undefined => (target.startsWith("/") ? new URL(`http://localhost${target}`).pathname : undefined);

/** The logins of the demo, for our own page on this machine: a name that a stranger's site made to point here gets nothing. */
function answerDemo(incoming: IncomingMessage, answer: ServerResponse, demo: () => unknown): void {
  const isOurs = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(incoming.headers.host ?? "");
  if (!isOurs) return void answer.writeHead(403).end();
  answer.writeHead(200, { "Content-Type": "application/json", "Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin" });
  answer.end(JSON.stringify(demo()));
}

/** The file of a path: of the app whose base it begins with, the app's page where the path names no file. */
function fileOf(folder: string, pathname: string): string | undefined {
  const [, app, inner] = /^\/(cafe|pos|demo)(\/.*)$/.exec(pathname) ?? [];
  if (app !== undefined && inner !== undefined) {
    const build = path.join(folder, app);
    if (!existsSync(build)) return undefined;
    return namesFile(inner) ? inside(build, inner) : path.join(build, "index.html");
  }
  const student = path.join(folder, "student");
  if (/^\/(assets\/.+|index\.html|sw\.js|manifest\.webmanifest|icon-\d+\.png)$/.test(pathname)) return inside(student, pathname);
  const isPage = studentPages.some(
    (page) => pathname === page || (page !== "/" && page !== "/t/" && pathname.startsWith(page.endsWith("/") ? page : `${page}/`)),
  );
  return isPage && !namesFile(pathname) ? path.join(student, "index.html") : undefined;
}

const namesFile = (pathname: string) => /\/assets\/|\.[a-z0-9]{2,12}$/i.test(pathname);

/** The path in a folder; one that leads out of it names a file that is not there. */
function inside(folder: string, pathname: string): string {
  const file = path.join(folder, path.normalize(safeDecode(pathname)));
  return file.startsWith(`${folder}${path.sep}`) ? file : path.join(folder, "no such file");
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "/no such file";
  }
}
