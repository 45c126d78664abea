import { createServer, type IncomingHttpHeaders } from "node:http";
import { join } from "node:path";
import { createContext, runInContext } from "node:vm";

/** Their code by their names. */
export type Functions = Readonly<Record<string, string>>;

type Values = Record<string, { readonly value: string }>;
type EdgeRequest = { readonly method: string; readonly uri: string; readonly querystring: Values; readonly headers: Values };
type EdgeResponse = { readonly statusCode: number; readonly headers?: Values };
type Handler = (event: { readonly version: "1.0"; readonly request: EdgeRequest }) => EdgeRequest | EdgeResponse;

/** nginx says which one, and where to what it makes of the request. */
export const functionHeader = "x-edge-function";
export const returnHeader = "x-edge-return";
export const functionSocket = (folder: string): string => join(folder, "functions.sock");

const handlerOf = (code: string): Handler => {
  const context = createContext({});
  runInContext(code, context);
  return (event) => JSON.parse(runInContext(`JSON.stringify(handler(${JSON.stringify(event)}))`, context) as string);
};

/** As they stand in the address: CloudFront decodes nothing. */
const queryOf = (text: string): Values =>
  Object.fromEntries(
    text
      .split("&")
      .filter((pair) => pair !== "")
      .map((pair) => [pair.split("=")[0] ?? "", { value: pair.split("=").slice(1).join("=") }]),
  );

const headersOf = (headers: IncomingHttpHeaders): Values =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, { value: String(value) }]));

const addressOf = ({ uri, querystring }: EdgeRequest): string => {
  const query = Object.entries(querystring).map(([name, { value }]) => `${name}=${value}`);
  return query.length === 0 ? uri : `${uri}?${query.join("&")}`;
};

/** CloudFront's functions, as they are deployed: nginx asks here first and goes on with what they made of the request. */
export const startFunctions = (functions: Functions, socket: string): Promise<void> => {
  const handlers = new Map(Object.entries(functions).map(([name, code]) => [name, handlerOf(code)]));
  const server = createServer(({ url = "/", method = "GET", headers }, response) => {
    const [uri = "/", ...query] = url.split("?");
    const handler = handlers.get(String(headers[functionHeader])) as Handler;
    const said = handler({ version: "1.0", request: { method, uri, querystring: queryOf(query.join("?")), headers: headersOf(headers) } });
    if ("statusCode" in said) {
      const answered = Object.entries(said.headers ?? {}).map(([name, { value }]) => [name, value]);
      response.writeHead(said.statusCode, Object.fromEntries(answered)).end();
      return;
    }
    const token = said.headers.authorization?.value;
    const on = { "X-Accel-Redirect": `${headers[returnHeader]}${addressOf(said)}`, ...(token ? { "X-Edge-Authorization": token } : {}) };
    response.writeHead(200, on).end();
  });
  return new Promise((resolve, reject) => server.once("error", reject).listen(socket, resolve));
};
