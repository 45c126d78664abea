import { createHmac, randomInt } from "node:crypto";
import { keyFor } from "../platform/seal.ts";

export const newOtp = (): string => String(randomInt(1_000_000)).padStart(6, "0");

/** Six digits are guessed from a plain hash in a second; the key makes a stolen table worthless. */
export const hashOtp = (sealKey: string, phone: string, otp: string): Buffer =>
  createHmac("sha256", keyFor(sealKey, "otp")).update(`${phone}:${otp}`).digest();

export const otpSealPurpose = "otp-sms";
