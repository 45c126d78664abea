interface Message {
  readonly id: string;
  readonly data?: { readonly otp?: string };
}

/** On this machine the messages are no secret: a newcomer has no phone to look at. */
export const isSandboxHere = ["127.0.0.1", "localhost"].includes(location.hostname);

const tries = 20;
const everyMs = 250;

/** The newest code that was sent to a phone, by the stand-in for SMS. */
export async function codeFromSandbox(phone: string): Promise<string> {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const answer = await fetch(`/sandbox/messages?${new URLSearchParams({ to: phone, channel: "sms" })}`);
    const { items = [] } = answer.ok ? ((await answer.json()) as { items?: Message[] }) : {};
    const otp = items.find(({ data }) => data?.otp)?.data?.otp;
    if (otp) return otp;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  throw new Error("No message came.");
}

/** Plays the bank for a gateway order: what the real gateway's own page would hand back. */
export async function payAtSandbox(gatewayOrderId: string, outcome: "captured" | "failed", keepMethod: boolean) {
  const answer = await fetch("/sandbox/gateway/pay", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ order_id: gatewayOrderId, outcome, save_method: keepMethod }),
  });
  if (!answer.ok) throw new Error("The sandbox's bank does not answer.");
  return (await answer.json()) as { razorpay_order_id: string; razorpay_payment_id: string; razorpay_signature: string };
}
