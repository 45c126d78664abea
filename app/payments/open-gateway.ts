import { createBreaker } from "../platform/breaker.ts";
import type { Platform } from "../platform/context.ts";
import { CodedError } from "../platform/errors.ts";
import type { Gateway } from "./gateway.ts";
import { createRazorpay } from "./razorpay.ts";

const razorpayUrl = "https://api.razorpay.com";
const standInKeyId = "rzp_test_sandbox";
const breakerFailures = 5;
const breakerRestMs = 2_000;

const opened = new WeakMap<Platform, Gateway | undefined>();

/** The gateway of this process, the stand-in in the sandbox, or undefined where none is configured. One breaker a process. */
export function openGateway(platform: Platform): Gateway | undefined {
  if (!opened.has(platform)) opened.set(platform, make(platform));
  return opened.get(platform);
}

/** For what cannot be done without one. */
export function gatewayOf(platform: Platform): Gateway {
  const gateway = openGateway(platform);
  if (!gateway) throw new CodedError("METHOD_UNAVAILABLE", "No payment gateway is set up here: pay from the wallet or in cash.");
  return gateway;
}

function make({ config, secrets, log }: Platform): Gateway | undefined {
  const isSandbox = config.CAMPUS_ENV === "sandbox";
  const keyId = config.GATEWAY_KEY_ID ?? (isSandbox ? standInKeyId : undefined);
  if (keyId === undefined || !secrets.has("GATEWAY_KEY_SECRET")) return undefined;
  const url = config.GATEWAY_URL ?? (isSandbox ? config.SANDBOX_URL : razorpayUrl);
  return createRazorpay({
    url,
    // The stand-in's page stands at our own origin, so that the frames of /demo may show it.
    checkoutUrl: isSandbox ? `${config.PUBLIC_URL}/sandbox/gateway/checkout` : `${url}/v1/checkout/embedded`,
    keyId,
    keySecret: () => secrets.get("GATEWAY_KEY_SECRET"),
    webhookSecret: async () => {
      if (!secrets.has("GATEWAY_WEBHOOK_SECRET"))
        throw new CodedError("METHOD_UNAVAILABLE", "No webhooks are taken here: GATEWAY_WEBHOOK_SECRET is not set.");
      return secrets.get("GATEWAY_WEBHOOK_SECRET");
    },
    timeoutMs: config.GATEWAY_TIMEOUT_MS,
    breaker: createBreaker({
      name: "The payment gateway",
      failures: breakerFailures,
      restMs: breakerRestMs,
      onChange: (isOpen) =>
        log.warn(
          { is_open: isOpen },
          isOpen ? "The payment gateway does not answer; it is left alone for a moment" : "The payment gateway answers again",
        ),
    }),
  });
}
