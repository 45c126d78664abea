/**
 * What watching writes into the log, measured on a started system and priced by scripts/cost: a request's line has 270 to 290 bytes, and a
 * payment has five of them (order, scan, two looks of the phone, confirm) and the worker's line of its amount.
 */
export const paymentLogBytes = 2_500;
/** One embedded-metric line: 330 of the app's own, some more with a café. */
export const embeddedLineBytes = 350;
