import { createHash } from "node:crypto";
import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { everyone, type HttpContext, type HttpEnv, route, router } from "../platform/http/router.ts";
import { type ApiDocument, documentHead, securitySchemes } from "./document.ts";
import { renderPage } from "./page.ts";
import { contentSecurityPolicy } from "./style.ts";

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
  summary: "This API as a page to read",
  who: everyone,
  responses: {
    200: { description: "The page", content: { "text/html": { schema: z.string() } } },
    304: { description: "Unchanged since the ETag that the request named" },
  },
});

/** `app` is asked at the first request, when every feature has been mounted. */
export function docsRoutes(app: () => OpenAPIHono<HttpEnv>): OpenAPIHono<HttpEnv> {
  const describe = memo(() => describeApi(app()));
  const documentText = memo(() => withTag(JSON.stringify(describe())));
  const pageText = memo(() => withTag(renderPage(describe())));
  const answer = (c: HttpContext, { text, etag }: Tagged, headers: Record<string, string>) => {
    c.header("ETag", etag);
    c.header("Cache-Control", "no-cache");
    if (c.req.header("if-none-match") === etag) return c.body(null, 304);
    return c.body(text, 200, headers);
  };
  return router()
    .openapi(document, (c) => answer(c, documentText(), { "Content-Type": "application/json" }) as never)
    .openapi(page, (c) => {
      const headers = { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": contentSecurityPolicy };
      return answer(c, pageText(), headers) as never;
    });
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
  readonly text: string;
  readonly etag: string;
}

const withTag = (text: string): Tagged => ({ text, etag: `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"` });

function memo<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
