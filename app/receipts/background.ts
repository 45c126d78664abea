import type { Platform } from "../platform/context.ts";
import { openObjectStore } from "../platform/objects.ts";
import { patientTries, type Topics } from "../platform/outbox.ts";
import { createReceiptSigner } from "./receipt-signer.ts";
import { storeReceipt } from "./store-receipt.ts";

const timeoutMs = 10_000;

/** What each payment leaves to be kept for the years that bookkeeping asks for. */
export function receiptTopics(platform: Platform): Topics {
  const { RECEIPTS_BUCKET, OBJECT_FOLDER, AWS_REGION, S3_URL } = platform.config;
  const store = openObjectStore({ bucket: RECEIPTS_BUCKET, folder: OBJECT_FOLDER, region: AWS_REGION, s3Url: S3_URL });
  const signer = createReceiptSigner(platform);
  return {
    "receipt.store": {
      timeoutMs,
      maxTries: patientTries,
      lane: "background",
      deliver: ({ payload }) =>
        storeReceipt(platform, signer, store, { orderId: String(payload.order_id), cafeId: String(payload.cafe_id) }),
    },
  };
}
