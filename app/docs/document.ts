import { statusOfCode } from "../platform/errors.ts";

/** What of an OpenAPI 3.1 document the page and the tests read. */
export interface ApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string; readonly description?: string };
  readonly tags?: readonly { readonly name: string; readonly description?: string }[];
  readonly paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: {
    readonly schemas?: Readonly<Record<string, Schema>>;
    readonly securitySchemes?: Readonly<Record<string, { readonly description?: string }>>;
  };
}

export interface Operation {
  readonly operationId: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
  readonly "x-roles"?: readonly string[];
}

export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: Schema;
}

type Content = Readonly<Record<string, { readonly schema?: Schema }>>;

export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

export const documentHead = {
  openapi: "3.1.0",
  info: {
    title: "Campus Pay",
    version: "1.0.0",
    license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    description: [
      "JSON, snake_case fields. Times are RFC 3339 in UTC, ids are UUIDs, money is a whole number of minor units in fields named `*_minor`.",
      "Every answer carries `X-Request-Id`; every refusal has the shape `Error`, and `error.code` is one of a closed table.",
      "Lists take `limit` and `cursor` and answer `{items, next_cursor}`. Unknown fields of a request are refused. Enumerations of answers may grow.",
      "A POST that creates or moves something takes `Idempotency-Key`: the same key with the same body gets the first answer again, byte for byte, with `Idempotency-Hit: true`.",
      "`x-roles` beside an operation lists who may call it: `student`, `device` (a till) or the roles of staff, of which one is enough. Whoever logs in as another gets 403 `INSUFFICIENT_ROLE`; with staff of a café the café must be theirs too. Without `x-roles` anybody may call.",
      "Where limits apply, `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` are sent, and `Retry-After` with 429 and 503.",
    ].join("\n\n"),
  },
  servers: [{ url: "/" }],
};

export const securitySchemes = {
  bearer: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "Students and staff: the access token of a login.",
  },
  device: {
    type: "apiKey",
    in: "header",
    name: "Authorization",
    description: "A POS terminal: `Device <id>.<key>`, with the key that was shown once.",
  },
  cookie: {
    type: "apiKey",
    in: "cookie",
    name: "__Host-campus_access",
    description: "The staff portal, logged in with `X-Session: cookie`; a write also needs `X-CSRF-Token`.",
  },
} as const;

/** The codes of one answer: a refusal's description is the list of its codes. */
export function codesOf(description: string): string[] {
  const words = description.split(", ");
  return words.every((word) => Object.hasOwn(statusOfCode, word)) ? words : [];
}

export function resolve(document: ApiDocument, schema: Schema): Schema {
  const name = schema.$ref?.replace("#/components/schemas/", "");
  return name === undefined ? schema : (document.components?.schemas?.[name] ?? schema);
}

export interface Endpoint {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

export function endpointsOf(document: ApiDocument): Endpoint[] {
  return Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
}
