import type { Environment } from "../regions/index.ts";

/** What CloudFront asks for the API: the region that serves, by the human's switch in Route 53. */
export const originName = (environment: Environment): string => `origin.${environment.domain}`;

/** One region's load balancer, whoever serves. */
export const placeOriginName = (environment: Environment, place: string): string => `${place}.origin.${environment.domain}`;

/** The edge sends it with every request, the listeners ask for it: a request that did not pass our own distribution has it not. */
export const originHeader = "x-campus-origin";
