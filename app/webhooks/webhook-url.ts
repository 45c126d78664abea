import { isIP } from "node:net";
import { isAllowedAddress } from "./public-address.ts";

export const maxUrlLength = 500;

/** What is wrong with the address of a webhook; undefined where nothing is. In the sandbox a till system may run on this machine. */
export function problemOfUrl(text: string, allowsLoopback: boolean): string | undefined {
  if (!URL.canParse(text)) return "must be an address like https://till.example.org/orders";
  const url = new URL(text);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const isHere =
    allowsLoopback && (host === "localhost" || (isIP(host) !== 0 && isAllowedAddress(host, true) && !isAllowedAddress(host, false)));
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isHere)) return "must begin with https://";
  if (url.username !== "" || url.password !== "") return "must not hold a user or a password: the signature says who posts";
  if (url.hash !== "") return "must not have a part after #";
  if (isIP(host) !== 0 ? !isAllowedAddress(host, allowsLoopback) : !isHere && !host.includes("."))
    return "must be an address on the public internet";
  return undefined;
}
