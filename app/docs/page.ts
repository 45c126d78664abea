import { statusOfCode } from "../platform/errors.ts";
import { type ApiDocument, codesOf, type Endpoint, endpointsOf, type Operation, type Parameter } from "./document.ts";
import { type Field, fieldsOf, typeOf } from "./fields.ts";
import { css } from "./style.ts";

/** The document as a page: no script, nothing from elsewhere, every word from the document escaped. */
export function renderPage(document: ApiDocument): string {
  const endpoints = endpointsOf(document);
  const tags = [...new Set(endpoints.map(tagOf))].sort(byTag);
  const sections = tags.map((tag) =>
    tagSection(
      document,
      tag,
      endpoints.filter((endpoint) => tagOf(endpoint) === tag),
    ),
  );
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">',
    `<title>${escapeHtml(document.info.title)} API</title><style>${css}</style></head><body>`,
    navigation(document, tags, endpoints),
    `<main>${introduction(document, endpoints.length)}${sections.join("")}${codeTable()}</main></body></html>`,
  ].join("\n");
}

const replacements: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (letter) => replacements[letter] ?? letter);

/** Escapes, then shows `words in backticks` as code. */
const prose = (text: string): string => escapeHtml(text).replace(/`([^`]+)`/g, "<code>$1</code>");

const tagOf = ({ operation }: Endpoint): string => operation.tags?.[0] ?? "other";

// What keeps the system running is read last.
const byTag = (a: string, b: string): number => Number(a === "system") - Number(b === "system") || a.localeCompare(b);

const slug = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]+/g, "-");

function navigation(document: ApiDocument, tags: readonly string[], endpoints: readonly Endpoint[]): string {
  const items = tags.map((tag) => {
    const count = endpoints.filter((endpoint) => tagOf(endpoint) === tag).length;
    return `<li><a href="#tag-${slug(tag)}">${escapeHtml(tag)}</a> <small>${count}</small></li>`;
  });
  return `<nav aria-label="Areas"><strong>${escapeHtml(document.info.title)}</strong><ul>${items.join("")}<li><a href="#codes">error codes</a></li><li><a href="/openapi.json">openapi.json</a></li></ul></nav>`;
}

function introduction(document: ApiDocument, count: number): string {
  const paragraphs = (document.info.description ?? "").split("\n\n").map((text) => `<p>${prose(text)}</p>`);
  const schemes = Object.entries(document.components?.securitySchemes ?? {}).map(
    ([name, { description = "" }]) => `<dt><code>${escapeHtml(name)}</code></dt><dd>${prose(description)}</dd>`,
  );
  return `<header><h1>${escapeHtml(document.info.title)} API <small>${escapeHtml(document.info.version)}, ${count} endpoints</small></h1>${paragraphs.join("")}<dl>${schemes.join("")}</dl></header>`;
}

function tagSection(document: ApiDocument, tag: string, endpoints: readonly Endpoint[]): string {
  return `<section aria-labelledby="tag-${slug(tag)}"><h2 id="tag-${slug(tag)}">${escapeHtml(tag)}</h2>${endpoints.map((endpoint) => endpointPart(document, endpoint)).join("")}</section>`;
}

function endpointPart(document: ApiDocument, { method, path, operation }: Endpoint): string {
  return [
    `<details id="${escapeHtml(operation.operationId)}"><summary><b class="method ${method.toLowerCase()}">${method}</b>`,
    `<code class="path">${pathWithBreaks(path)}</code><span class="what">${prose(operation.summary ?? "")}</span>`,
    `<span class="who">${whoMay(operation)}</span></summary><div class="inside">`,
    operation.description === undefined ? "" : `<p>${prose(operation.description)}</p>`,
    parameterTable(document, operation.parameters ?? []),
    bodyPart(document, operation),
    answerPart(document, operation),
    refusalTable(operation),
    `</div></details>`,
  ].join("");
}

const pathWithBreaks = (path: string): string =>
  escapeHtml(path)
    .replaceAll("/", "<wbr>/")
    .replace(/\{[^}]+\}/g, "<i>$&</i>");

function whoMay(operation: Operation): string {
  const roles = operation["x-roles"] ?? [];
  const schemes = [...new Set((operation.security ?? []).flatMap((choice) => Object.keys(choice)))];
  const words = roles.length > 0 ? roles : schemes.length > 0 ? schemes : ["public"];
  return words.map((word) => `<span class="chip">${escapeHtml(word)}</span>`).join("");
}

function parameterTable(document: ApiDocument, parameters: readonly Parameter[]): string {
  if (parameters.length === 0) return "";
  const rows = parameters.map((parameter) => [
    `<code>${escapeHtml(parameter.name)}</code> <small>${escapeHtml(parameter.in)}</small>`,
    parameter.schema ? escapeHtml(typeOf(document, parameter.schema)) : "",
    parameter.required ? "<small>required</small>" : "",
    prose(parameter.description ?? parameter.schema?.description ?? ""),
  ]);
  return `<h3>Parameters</h3>${table(["name", "type", "", ""], rows)}`;
}

function bodyPart(document: ApiDocument, { requestBody }: Operation): string {
  if (!requestBody) return "";
  const parts = Object.entries(requestBody.content).map(
    ([type, { schema }]) =>
      `<h3>Body <small>${escapeHtml(type)}${requestBody.required ? "" : ", may be left out"}</small></h3>${schema ? fieldTable(fieldsOf(document, schema)) : ""}`,
  );
  return parts.join("");
}

function answerPart(document: ApiDocument, operation: Operation): string {
  const answers = Object.entries(operation.responses).filter(([, { description }]) => codesOf(description).length === 0);
  const parts = answers.map(([status, { description, content = {} }]) => {
    const bodies = Object.entries(content).map(([type, { schema }]) => {
      if (!schema) return `<p><small>${escapeHtml(type)}</small></p>`;
      const fields = fieldsOf(document, schema);
      return fields.length > 0 ? fieldTable(fields) : `<p><small>${escapeHtml(type)}: ${escapeHtml(typeOf(document, schema))}</small></p>`;
    });
    return `<h3><b class="status">${escapeHtml(status)}</b> ${prose(description)}</h3>${bodies.join("")}`;
  });
  return parts.join("");
}

function refusalTable(operation: Operation): string {
  const rows = Object.entries(operation.responses)
    .map(([status, { description }]) => ({ status, codes: codesOf(description) }))
    .filter(({ codes }) => codes.length > 0)
    .map(({ status, codes }) => [`<b class="status bad">${escapeHtml(status)}</b>`, codes.map(codeLink).join(" ")]);
  return rows.length === 0 ? "" : `<h3>Refusals</h3>${table(["status", "codes"], rows, "codes")}`;
}

const codeLink = (code: string): string => `<a href="#codes"><code>${escapeHtml(code)}</code></a>`;

function fieldTable(fields: readonly Field[]): string {
  const rows = fields.map(({ name, type, required, about }) => [
    `<code>${escapeHtml(name)}</code>`,
    escapeHtml(type),
    required ? "" : "<small>optional</small>",
    prose(about),
  ]);
  return rows.length === 0 ? "" : table(["field", "type", "", ""], rows);
}

function codeTable(): string {
  const byStatus = new Map<number, string[]>();
  for (const [code, status] of Object.entries(statusOfCode)) byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  const rows = [...byStatus].map(([status, codes]) => [
    `<b class="status bad">${status}</b>`,
    codes.map((code) => `<code>${escapeHtml(code)}</code>`).join(" "),
  ]);
  return `<section aria-labelledby="codes"><h2 id="codes">error codes</h2><p>The table is closed: a client may switch over it, with <code>INTERNAL_ERROR</code> as its default.</p>${table(["status", "codes"], rows, "codes")}</section>`;
}

/** Cells are finished HTML. A column in which nothing stands is left out. */
function table(heads: readonly string[], rows: readonly (readonly string[])[], kind = "fields"): string {
  const used = heads.map((_, index) => rows.some((row) => row[index] !== ""));
  const line = (cells: readonly string[], tag: string) =>
    `<tr>${cells
      .filter((_, index) => used[index])
      .map((cell) => `<${tag}>${cell}</${tag}>`)
      .join("")}</tr>`;
  return `<div class="scroll"><table class="${kind}"><thead>${line(heads, "th")}</thead><tbody>${rows.map((row) => line(row, "td")).join("")}</tbody></table></div>`;
}
