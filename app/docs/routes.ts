import { createHash } from "node:crypto";
import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { everyone, type HttpContext, type HttpEnv, route, router } from "../platform/http/router.ts";
import { type ApiDocument, documentHead, securitySchemes } from "./document.ts";
import { contentSecurityPolicy, type ReferenceFile, readReference, referenceFiles, typeOf, zipped } from "./reference.ts";

const document = route({
  method: "get",
  path: "/openapi.json",
  operationId: "getApiDocument",
  tags: ["system"],
  summary: "This API as an OpenAPI 3.1 document",
  who: everyone,
  responses: {
    200: { description: "The document", content: { "application/json": { schema: z.object({ openapi: z.string() }) } } },
    304: { description: "Unchanged since the ETag that the request named" },
  },
});

const page = route({
  method: "get",
  path: "/docs",
  operationId: "getApiPage",
  tags: ["system"],
  summary: "This API as a page: search, examples, code samples, requests to try",
  who: everyone,
  responses: {
    200: { description: "The page", content: { "text/html": { schema: z.string() } } },
    304: { description: "Unchanged since the ETag that the request named" },
  },
});

const file = route({
  method: "get",
  path: "/docs/{file}",
  operationId: "getApiPageFile",
  tags: ["system"],
  summary: "A script or style of that page",
  who: everyone,
  request: { params: z.object({ file: z.enum(referenceFiles) }) },
  responses: {
    200: { description: "The file", content: { "text/javascript": { schema: z.string() }, "text/css": { schema: z.string() } } },
    304: { description: "Unchanged since the ETag that the request named" },
  },
});

/** `app` is asked at the first request, when every feature has been mounted. */
export function docsRoutes(app: () => OpenAPIHono<HttpEnv>): OpenAPIHono<HttpEnv> {
  const documentText = once(async () => withTag(JSON.stringify(describeApi(app()))));
  const known = new Map<ReferenceFile, () => Promise<Tagged>>();
  for (const name of ["page.html", ...referenceFiles] as const)
    known.set(
      name,
      once(async () => withTag(await zipped(name))),
    );
  const answer = (c: HttpContext, { bytes, etag }: Tagged, headers: Record<string, string>) => {
    c.header("ETag", etag);
    c.header("Cache-Control", "no-cache");
    if (c.req.header("if-none-match") === etag) return c.body(null, 304);
    return c.body(bytes, 200, headers);
  };
  const answerFile = async (c: HttpContext, name: ReferenceFile, headers: Record<string, string> = {}) => {
    const { bytes, etag } = (await known.get(name)?.()) ?? withTag("");
    const takesGzip = /\bgzip\b/.test(c.req.header("accept-encoding") ?? "");
    c.header("Vary", "Accept-Encoding");
    if (!takesGzip) return answer(c, { bytes: await readReference(name), etag }, { "Content-Type": typeOf(name), ...headers });
    return answer(c, { bytes, etag }, { "Content-Type": typeOf(name), "Content-Encoding": "gzip", ...headers });
  };
  return router()
    .openapi(document, async (c) => answer(c, await documentText(), { "Content-Type": "application/json" }) as never)
    .openapi(page, async (c) => (await answerFile(c, "page.html", { "Content-Security-Policy": contentSecurityPolicy })) as never)
    .openapi(file, async (c) => (await answerFile(c, c.req.valid("param").file)) as never);
}

function describeApi(app: OpenAPIHono<HttpEnv>): ApiDocument {
  const described = app.getOpenAPI31Document(documentHead) as unknown as ApiDocument;
  const document = { ...described, components: { ...described.components, securitySchemes } };
  return JSON.parse(
    JSON.stringify(document, (key, value: unknown) => (key === "pattern" && typeof value === "string" ? portable(value) : value)),
  );
}

/** A pattern as every reader of JSON Schema knows it: the generator writes JavaScript's flags behind it, and Python has no \P{…}. */
const portable = (pattern: string): string => pattern.replace(/\/u$/, "").replaceAll("\\P{Cc}", "[^\\u0000-\\u001f\\u007f-\\u009f]");

interface Tagged {
  readonly bytes: string | Uint8Array<ArrayBuffer>;
  readonly etag: string;
}

const withTag = (bytes: string | Uint8Array<ArrayBuffer>): Tagged => ({
  bytes,
  etag: `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`,
});

/** Made at the first call; where that failed, the next one tries again. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
