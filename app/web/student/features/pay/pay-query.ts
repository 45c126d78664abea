import { ApiError, unwrap } from "../../../shared/api/request.ts";
import { signDigest } from "../../../shared/session/confirm-key.ts";
import { chargesApi } from "../../api.ts";
import type { chargeQuery } from "../../queries.ts";
import { keepReceipt } from "../../receipt-store.ts";

export type Charge = Awaited<ReturnType<NonNullable<ReturnType<typeof chargeQuery>["queryFn"]>>>;

interface Yes {
  readonly charge: Charge;
  readonly studentId: string;
  readonly digits: string;
}

/** Says yes to exactly what is on the screen: the digest that was shown, signed by this phone where a key is registered. */
export async function confirm({ charge, studentId, digits }: Yes) {
  const signature = charge.requires_signature ? await signDigest(studentId, charge.digest) : undefined;
  if (charge.requires_signature && signature === undefined)
    throw new ApiError("INVALID_SIGNATURE", "This phone has no key yet.", { status: 401 });
  const answer = await unwrap(
    chargesApi.charges[":chargeId"].confirm.$post({
      param: { chargeId: charge.id },
      json: {
        digest: charge.digest,
        ...(charge.requires_number_match ? { number_match: digits } : {}),
        ...(signature === undefined ? {} : { signature }),
      },
    }),
  );
  if ("receipt" in answer)
    await keepReceipt({ id: answer.receipt_id, jws: answer.receipt, cafe: charge.cafe.name, orderNumber: charge.order_number, studentId });
  return answer;
}

export const decline = (chargeId: string, notMe: boolean) =>
  unwrap(chargesApi.charges[":chargeId"].decline.$post({ param: { chargeId }, json: { not_me: notMe } }));

export const giveMoreTime = (chargeId: string) => unwrap(chargesApi.charges[":chargeId"]["more-time"].$post({ param: { chargeId } }));
