// Loaded before everything else (node --import): this process believes that it is five minutes later than it is.
const aheadMs = 300_000;
const trueNow = Date.now.bind(Date);

globalThis.Date = class extends Date {
  constructor(...parts: readonly unknown[]) {
    if (parts.length === 0) super(trueNow() + aheadMs);
    else super(...(parts as [number]));
  }
  static override now(): number {
    return trueNow() + aheadMs;
  }
} as DateConstructor;
