/**
 * What watching writes into the log, priced by scripts/cost and held by app/ops/log-bytes.test.ts against 200 payments, with the 26 bytes
 * that CloudWatch counts for each event. A payment is five requests (order, scan, two looks of the phone, confirm), each with a line of
 * ours of 306 bytes and one of nginx of 271, and the worker's line of its amount, of 538.
 */
export const paymentLogBytes = 3_500;
/** One embedded-metric line in a minute of lunch: 350 with one number, up to 1,000 with the 100 samples that a line may have. */
export const embeddedLineBytes = 700;
/** Lines of one process in such a minute: eleven where all is well, and room for what is rarer than a payment. */
export const linesAMinute = 14;
