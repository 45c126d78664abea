import { readFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

const compress = promisify(gzip);

/**
 * The page and its files. scalar.js is what the package named in scalar.json publishes for a browser, to the byte: installed by
 * npm it would bring 226 packages and 280 MB with it, of which this one file is used.
 * In the artifact the folder lies beside the program.
 */
const folder = path.join(import.meta.dirname, "reference");

const types = { "page.html": "text/html", "page.css": "text/css", "page.js": "text/javascript", "scalar.js": "text/javascript" } as const;
export type ReferenceFile = keyof typeof types;
export const referenceFiles = ["page.css", "page.js", "scalar.js"] as const satisfies readonly ReferenceFile[];

export const typeOf = (file: ReferenceFile) => `${types[file]}; charset=utf-8`;

export const readReference = async (file: ReferenceFile) => new Uint8Array(await readFile(path.join(folder, file)));

/** Compressed here: neither the edge nor nginx does it for what the API answers, and Scalar is 4.9 MB plain, 1.4 MB so. */
export const zipped = async (file: ReferenceFile) => new Uint8Array(await compress(await readReference(file)));

/**
 * Scalar writes its styles as elements and attributes, so this one page must allow them; scripts are ours alone, and nothing is
 * loaded from, or sent to, anywhere else.
 */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");
