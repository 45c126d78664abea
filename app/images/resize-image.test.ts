import sharp from "sharp";
import { expect, test } from "vitest";
import { childLimits } from "./picture-limits.ts";
import { runChild } from "./resize-image.ts";

const picture = (side: number) =>
  sharp({ create: { width: side, height: side, channels: 3, background: "#c63" } })
    .png()
    .toBuffer();

test("a picture is decoded in a process that has its own memory and seconds, and what needs more is refused", async () => {
  expect((await runChild(await picture(700))).map(({ width }) => width)).toEqual([160, 480, 960]);
  await expect(runChild(await picture(5_000), { ...childLimits, memoryKib: 60_000 })).rejects.toMatchObject({ code: "VALIDATION_ERROR" });
  await expect(runChild(await picture(5_000), { ...childLimits, seconds: 0 })).rejects.toMatchObject({
    code: "VALIDATION_ERROR",
    message: expect.stringContaining("more memory or time"),
  });
});
