// The closed table of error codes: what the API answers when it refuses, and with which HTTP status.
// A code that is not here cannot be thrown; a test sees that each one is produced through HTTP.
export const statusOfCode = {
  VALIDATION_ERROR: 400,
  INVALID_OTP: 400,
  CART_EMPTY: 400,
  TOKEN_EXPIRED: 401,
  INVALID_TOKEN: 401,
  INVALID_CREDENTIALS: 401,
  SECOND_FACTOR_REQUIRED: 401,
  INVALID_SIGNATURE: 401,
  INSUFFICIENT_FUNDS: 402,
  INSUFFICIENT_ROLE: 403,
  CSRF_FAILED: 403,
  DEVICE_REVOKED: 403,
  CARD_NOT_ACCEPTED: 403,
  NOT_FOUND: 404,
  NO_PENDING_ORDER: 404,
  METHOD_NOT_ALLOWED: 405,
  ITEM_UNAVAILABLE: 409,
  METHOD_UNAVAILABLE: 409,
  ORDER_LIMIT_REACHED: 409,
  UNPAID_LIMIT_REACHED: 409,
  RESTAURANT_CLOSED: 409,
  INVALID_TRANSITION: 409,
  ORDER_CHOICE_REQUIRED: 409,
  NUMBER_MISMATCH: 409,
  CHARGE_CHANGED: 409,
  CHARGE_SUPERSEDED: 409,
  CHARGE_CLOSED: 409,
  ORDER_CANCELLED: 409,
  SPEND_LIMIT_REACHED: 409,
  CONFLICT: 409,
  CHARGE_EXPIRED: 410,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  PAYMENT_FAILED: 422,
  IDEMPOTENCY_MISMATCH: 422,
  WALLET_FROZEN: 423,
  RATE_LIMITED: 429,
  INTERNAL_ERROR: 500,
  TEMPORARILY_UNAVAILABLE: 503,
  READ_ONLY_REGION: 503,
} as const;

export type ErrorCode = keyof typeof statusOfCode;
export type ErrorStatus = (typeof statusOfCode)[ErrorCode];
export type ErrorDetails = Readonly<Record<string, unknown>>;

export const errorCodes = Object.keys(statusOfCode) as ErrorCode[];

interface CodedErrorOptions {
  readonly details?: ErrorDetails;
  readonly retryAfterSeconds?: number | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** A refusal that the caller is told about. Everything else that is thrown becomes INTERNAL_ERROR. */
export class CodedError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  readonly retryAfterSeconds: number | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, message: string, options: CodedErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = "CodedError";
    this.code = code;
    this.details = options.details ?? {};
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.headers = options.headers ?? {};
  }

  get status(): ErrorStatus {
    return statusOfCode[this.code];
  }
}

export const notFound = (what: string) => new CodedError("NOT_FOUND", `${what} was not found.`);

export const unavailable = (message: string, cause?: unknown, retryAfterSeconds = 1) =>
  new CodedError("TEMPORARILY_UNAVAILABLE", message, { cause, retryAfterSeconds });

export interface ErrorBody {
  readonly error: { readonly code: ErrorCode; readonly message: string; readonly details: ErrorDetails };
}

export const errorBody = (error: CodedError): ErrorBody => ({
  error: { code: error.code, message: error.message, details: error.details },
});
