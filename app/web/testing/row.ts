import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { FrameLocator, Locator, Page } from "playwright-core";
import type { Stage } from "./stage.ts";

/** A row of the bar: its guarantee, and the walk that would fail without it. */
export interface Row {
  readonly name: string;
  /** Only in the long matrix (`npm run web:test -- --all`). */
  readonly isLong?: boolean;
  run(stage: Stage): Promise<string | undefined>;
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
// Whoever runs the tests shares the machine with them: promised times are asserted with three times their length.
export const headroom = 3;

export async function since(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return Math.round(performance.now() - started);
}

/** What axe finds. */
export async function violations(page: Page): Promise<string[]> {
  // By CDP, past the page's own policy: a script from text is what that policy forbids.
  const session = await page.context().newCDPSession(page);
  await session.send("Page.setBypassCSP", { enabled: true });
  await session.send("Runtime.evaluate", { expression: axeSource });
  const { result, exceptionDetails } = await session.send("Runtime.evaluate", {
    expression: `document.getAnimations().forEach((a) => a.effect?.getComputedTiming().endTime === Infinity || a.finish?.()), axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations.map((v) => v.id + ": " + v.nodes.slice(0, 2).map((n) => n.target.join(" ") + " " + (n.any[0]?.message ?? "")).join(" | ")))`,
    awaitPromise: true,
    returnByValue: true,
  });
  await session.detach();
  if (exceptionDetails) throw new Error(`axe: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
  return result.value as string[];
}

/** How many pixels the page is wider than its window. */
export const wideContent = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** What is tapped and lower than a finger is wide. */
export const smallTargets = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [
      ...document.querySelectorAll<HTMLElement>(
        "button, a[href], input:not([type=checkbox]):not([type=radio]):not([type=file]), select, summary",
      ),
    ]
      .filter((element) => element.offsetParent !== null && !element.closest(".sr-only, .skip") && element.checkVisibility())
      .filter((element) => element.getBoundingClientRect().height < 43.5)
      .map(
        (element) =>
          `${element.tagName} ${element.className} ${element.textContent?.slice(0, 20)} ${element.getBoundingClientRect().height}`,
      ),
  );

/** One tap on Pay, and the till says so. It does for four seconds only, so it is looked at from before the tap. */
export const payAndTillSays = (pay: Locator, till: Page | FrameLocator) =>
  Promise.all([till.locator(".screen-paid").waitFor(), pay.click()]);
