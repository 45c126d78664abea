import { mkdtemp, rm } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { crc32, deflateSync } from "node:zlib";
import sharp from "sharp";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Campus, startCampus } from "../testing/campus.ts";
import { addDish } from "../testing/menus.ts";
import type { TestCafe, TestStaff } from "../testing/people.ts";
import { until } from "../testing/platform.ts";
import { outcome } from "../testing/refusal.ts";
import { type S3World, startS3World } from "../testing/s3-world.ts";
import { purgeImages } from "./purge-images.ts";

interface Upload {
  readonly upload_id: string;
  readonly upload_url: string;
  readonly method: string;
  readonly headers: Record<string, string>;
}
interface Shown {
  readonly image: { small: string; medium: string; large: string };
}

let folder: string;
let world: S3World | undefined;
let local: Campus;
let onS3: Campus | undefined;
let campus: Campus;
let cafe: TestCafe;
let owner: TestStaff;
let dish: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "campus-images-"));
  world = await startS3World();
  local = await startCampus({ env: { OBJECT_FOLDER: folder, IMAGE_LIMIT_BYTES: "2000000" } });
  if (world) onS3 = await startCampus({ env: { ...world.env, OBJECT_FOLDER: folder } });
}, 120_000);
beforeEach(() => enter(local));
afterAll(async () => {
  await Promise.all([local.end(), onS3?.end()]);
  world?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function enter(which: Campus): Promise<void> {
  campus = which;
  cafe = await campus.cafe();
  owner = await campus.staff("owner", cafe);
  dish = await addDish(campus, cafe);
}

const paint = (width: number, height: number) => sharp({ create: { width, height, channels: 3, background: "#c63" } });
const announce = (bytes: Buffer, contentType: string, subject = `items/${dish}`) =>
  owner.api<Upload>("POST", `/admin/menu/${subject}/image`, { body: { content_type: contentType, size_bytes: bytes.length } });

/** Sends the bytes where the answer says; our own addresses are asked of the process that runs here. */
async function send(upload: Upload, bytes: Buffer, change: (url: string) => string = (url) => url) {
  const url = change(upload.upload_url).replace(campus.processes[0].platform.config.PUBLIC_URL, campus.processes[1].url);
  const answer = await fetch(url, { method: upload.method, headers: upload.headers, body: new Uint8Array(bytes) });
  const text = await answer.text();
  return { status: answer.status, text, body: text.startsWith("{") ? JSON.parse(text) : undefined };
}

async function uploaded(bytes: Buffer, contentType: string) {
  const { body } = await announce(bytes, contentType);
  return send(body, bytes);
}

async function picture(address: string) {
  const answer = await fetch(`${campus.processes[0].url}${address}`);
  return { answer, bytes: Buffer.from(await answer.arrayBuffer()) };
}

/** A PNG of one bit a pixel, all black: 50 kB that would be 1.6 GB in memory. */
function bomb(width: number, height = width): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
    const [length, crc] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    crc.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, crc]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 1;
  const rows = deflateSync(Buffer.alloc((width / 8 + 1) * height));
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("IDAT", rows),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

describe("a picture", () => {
  test.each([
    ["jpeg", () => paint(1_200, 800).jpeg().toBuffer()],
    ["png", () => paint(1_200, 800).png().toBuffer()],
    ["webp", () => paint(1_200, 800).webp().toBuffer()],
  ])("that is uploaded as %s is shown in three sizes, as WebP, at addresses that never change", async (type, make) => {
    const bytes = await make();
    const { status, body: upload } = await announce(bytes, `image/${type}`);
    expect([status, upload.method, upload.headers]).toEqual([201, "PUT", { "Content-Type": `image/${type}` }]);
    const sent = await send(upload, bytes);
    expect(sent.status).toBe(200);
    const { image } = sent.body as Shown;
    for (const [address, width] of [
      [image.small, 160],
      [image.medium, 480],
      [image.large, 960],
    ] as const) {
      const { answer, bytes: shown } = await picture(address);
      expect(address).toMatch(new RegExp(`^/images/${cafe.id}/${dish}/[0-9a-f]{32}/${width}\\.webp$`));
      expect([answer.status, answer.headers.get("content-type"), answer.headers.get("cache-control")]).toEqual([
        200,
        "image/webp",
        "public, max-age=31536000, immutable",
      ]);
      expect(await sharp(shown).metadata()).toMatchObject({ format: "webp", width, height: Math.round((width * 2) / 3) });
    }
    const onMenu = async () => (await campus.api<Shown>("GET", `/menu/items/${dish}`)).body.image;
    expect(await until("the picture is on the menu", onMenu)).toEqual(image);
    const again = await fetch(`${campus.processes[0].url}${image.small}`, {
      headers: { "If-None-Match": `"${image.small.split("/")[4]}"` },
    });
    expect(again.status).toBe(304);
  });

  test("loses what the camera wrote about place and time, and stands upright", async () => {
    const exif = { IFD0: { Copyright: "A secret name" }, IFD3: { GPSLatitude: "59/1 20/1 0/1", GPSLatitudeRef: "N" } };
    const bytes = await paint(800, 400).withExif(exif).withMetadata({ orientation: 6 }).jpeg().toBuffer();
    expect((await sharp(bytes).metadata()).exif?.toString("latin1")).toContain("A secret name");
    const { body } = await uploaded(bytes, "image/jpeg");
    for (const address of Object.values((body as Shown).image)) {
      const { bytes: shown } = await picture(address);
      const metadata = await sharp(shown).metadata();
      expect([metadata.exif, metadata.orientation, metadata.icc, metadata.xmp]).toEqual([undefined, undefined, undefined, undefined]);
      expect(metadata.height).toBeGreaterThan(metadata.width);
      expect(shown.toString("latin1")).not.toContain("A secret name");
    }
  });

  test("that is small is not made larger", async () => {
    const { body } = await uploaded(await paint(100, 100).png().toBuffer(), "image/png");
    expect(await sharp((await picture((body as Shown).image.large)).bytes).metadata()).toMatchObject({ width: 100, height: 100 });
  });

  test("of a category is shown with it, and a new one takes the place of the old", async () => {
    const [{ id } = { id: "" }] = await campus.sql<{ id: string }>`select id from categories where cafe_id = ${cafe.id}`;
    const addresses = [];
    for (const side of [300, 301]) {
      const bytes = await paint(side, side).png().toBuffer();
      const { body } = await announce(bytes, "image/png", `categories/${id}`);
      addresses.push(((await send(body, bytes)).body as Shown).image.small);
      const listed = await owner.api<{ items: Shown[] }>("GET", "/admin/menu/categories");
      expect(listed.body.items[0]?.image.small).toBe(addresses.at(-1));
    }
    expect(new Set(addresses).size).toBe(2);
  });

  test("is audited, from the announcement to the showing", async () => {
    await uploaded(await paint(10, 10).png().toBuffer(), "image/png");
    const trail = await campus.sql<{ action: string }>`select action, actor_id from audit_log where object_id = ${dish} order by id`;
    expect(trail).toEqual([
      { action: "image.announced", actorId: owner.id },
      { action: "image.shown", actorId: owner.id },
    ]);
  });
});

describe("an upload is refused", () => {
  test.each([
    ["that is text", "image/png", async () => Buffer.from("<script>alert(1)</script>"), 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["that is SVG", "image/png", async () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["that is GIF", "image/jpeg", () => paint(10, 10).gif().toBuffer(), 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["that is another type than announced", "image/jpeg", () => paint(10, 10).png().toBuffer(), 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["that is cut off", "image/jpeg", async () => (await paint(900, 900).jpeg().toBuffer()).subarray(0, 900), 400, "VALIDATION_ERROR"],
    ["that only begins like a PNG", "image/png", async () => Buffer.from("\x89PNG\r\n\x1a\nand so on", "latin1"), 400, "VALIDATION_ERROR"],
    ["that is a bomb of pixels", "image/png", async () => bomb(20_000), 413, "PAYLOAD_TOO_LARGE"],
    ["that is one row of millions of pixels", "image/png", async () => bomb(1_000_000, 1), 413, "PAYLOAD_TOO_LARGE"],
  ])("%s, and nothing of it is shown", async (_, contentType, make, status, code) => {
    expect(outcome(await uploaded(await make(), contentType))).toEqual([status, code]);
    expect(await campus.sql`select image_key from menu_items where id = ${dish}`).toEqual([{ imageKey: null }]);
  });

  test("that is larger than announced, or announced larger than pictures may be", async () => {
    const bytes = await paint(50, 50).png().toBuffer();
    const { body } = await announce(bytes.subarray(1), "image/png");
    expect(outcome(await send(body, bytes))).toEqual([413, "PAYLOAD_TOO_LARGE"]);
    expect(outcome(await announce(Buffer.alloc(2_000_001), "image/png"))).toEqual([413, "PAYLOAD_TOO_LARGE"]);
    expect(outcome(await send(body, Buffer.alloc(2_000_001)))).toEqual([413, "PAYLOAD_TOO_LARGE"]);
  });

  test("at an address that was changed, that is another upload's, or that has expired", async () => {
    const bytes = await paint(10, 10).png().toBuffer();
    const [{ body: upload }, { body: other }] = [await announce(bytes, "image/png"), await announce(bytes, "image/png")];
    const changes: ((url: string) => string)[] = [
      (url) => url.replace(upload.upload_id, other.upload_id),
      (url) => url.replace(/expires=\d+/, "expires=99999999999"),
      (url) => url.replace(/signature=.*/, "signature=AAAA"),
      (url) => url.replace(/signature=.*/, "signature="),
    ];
    for (const change of changes) expect(outcome(await send(upload, bytes, change))).toEqual([401, "INVALID_SIGNATURE"]);
    expect((await send(upload, bytes)).status).toBe(200);
  });

  test("without being read, at an address that is not ours, and its connection serves the next request", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const turn = (method: string, address: string, body?: Buffer) =>
      new Promise<number>((resolve, reject) => {
        const headers = body ? { "Content-Type": "image/png", "Content-Length": body.length } : {};
        const sending = request(`${campus.processes[0].url}${address}`, { method, agent, headers }, (answer) => {
          answer.resume().on("end", () => resolve(answer.statusCode ?? 0));
        });
        sending.on("error", reject);
        sending.end(body);
      });
    const address = `/api/v1/uploads/${dish}?expires=1&signature=AAAA`;
    const found: number[] = [];
    for (let round = 0; round < 3; round += 1)
      found.push(await turn("PUT", address, Buffer.alloc(1_900_000)), await turn("GET", `/api/v1/menu/items/${dish}`));
    agent.destroy();
    expect(found).toEqual([401, 200, 401, 200, 401, 200]);
  });

  test.each([
    ["a type that is no picture's", { content_type: "image/svg+xml", size_bytes: 10 }],
    ["no bytes", { content_type: "image/png", size_bytes: 0 }],
    ["no type", { size_bytes: 10 }],
  ])("with %s in its announcement", async (_, body) => {
    expect(outcome(await owner.api("POST", `/admin/menu/items/${dish}/image`, { body }))).toEqual([400, "VALIDATION_ERROR"]);
  });

  test("for the fourth time at one address, whatever it is, and a good one still gets in before", async () => {
    const broken = Buffer.from("\x89PNG\r\n\x1a\nand so on", "latin1");
    const good = await paint(20, 20).png().toBuffer();
    const { body: upload } = await announce(good, "image/png");
    for (let turn = 0; turn < 2; turn += 1) expect(outcome(await send(upload, broken))).toEqual([400, "VALIDATION_ERROR"]);
    expect((await send(upload, good)).status).toBe(200);
    const { body: other } = await announce(good, "image/png");
    for (let turn = 0; turn < 3; turn += 1) expect(outcome(await send(other, broken))).toEqual([400, "VALIDATION_ERROR"]);
    expect(outcome(await send(other, good))).toEqual([409, "CONFLICT"]);
  });

  test("of a café that is not approved", async () => {
    await campus.sql`update cafes set status = 'pending' where id = ${cafe.id}`;
    expect(outcome(await announce(Buffer.alloc(10), "image/png"))).toEqual([409, "CONFLICT"]);
  });

  test("of one café that sends many at once, while another one's gets in", async () => {
    const bytes = await paint(600, 600).png().toBuffer();
    const uploads = await Promise.all(Array.from({ length: 6 }, () => announce(bytes, "image/png")));
    const many = Promise.all(uploads.map(({ body }) => send(body, bytes)));
    const first = owner;
    cafe = await campus.cafe();
    owner = await campus.staff("owner", cafe);
    dish = await addDish(campus, cafe);
    expect((await uploaded(bytes, "image/png")).status).toBe(200);
    const statuses = (await many).map(({ status }) => status);
    expect(statuses.filter((status) => status === 503).length).toBeGreaterThan(0);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(2);
    expect(first.cafeId).not.toBe(cafe.id);
  });

  test("of whoever has announced twenty and finished none", async () => {
    const bytes = await paint(10, 10).png().toBuffer();
    for (let turn = 0; turn < 20; turn += 1) expect((await announce(bytes, "image/png")).status).toBe(201);
    expect(outcome(await announce(bytes, "image/png"))).toEqual([409, "CONFLICT"]);
  });

  test("of other roles, and of another café's owner", async () => {
    const body = { content_type: "image/png", size_bytes: 10 };
    const complete = { upload_id: (await announce(Buffer.alloc(10), "image/png")).body.upload_id };
    const [{ id: category } = { id: "" }] = await campus.sql<{ id: string }>`select id from categories where cafe_id = ${cafe.id}`;
    const paths = [`/admin/menu/items/${dish}/image`, `/admin/menu/categories/${category}/image`];
    const stranger = await campus.staff("owner", await campus.cafe());
    for (const path of paths) {
      for (const someone of [await campus.staff("kitchen", cafe), await campus.staff("cashier", cafe), await campus.student()]) {
        expect(outcome(await someone.api("POST", path, { body }))).toEqual([403, "INSUFFICIENT_ROLE"]);
        expect(outcome(await someone.api("POST", `${path}/complete`, { body: complete }))).toEqual([403, "INSUFFICIENT_ROLE"]);
      }
      expect(outcome(await stranger.api("POST", path, { body }))).toEqual([404, "NOT_FOUND"]);
      expect(outcome(await stranger.api("POST", `${path}/complete`, { body: complete }))).toEqual([404, "NOT_FOUND"]);
    }
  });

  test("as complete before its bytes have come", async () => {
    const { body } = await announce(Buffer.alloc(10), "image/png");
    const complete = await owner.api("POST", `/admin/menu/items/${dish}/image/complete`, { body: { upload_id: body.upload_id } });
    expect(outcome(complete)).toEqual([409, "CONFLICT"]);
  });
});

describe("sent again", () => {
  test("an upload changes nothing and gets the same answer, as does telling that it is complete", async () => {
    const bytes = await paint(20, 20).png().toBuffer();
    const { body: upload } = await announce(bytes, "image/png");
    const first = await send(upload, bytes);
    const second = await send(upload, await paint(30, 30).png().toBuffer());
    const complete = await owner.api<Shown>("POST", `/admin/menu/items/${dish}/image/complete`, { body: { upload_id: upload.upload_id } });
    expect([second.status, second.text, complete.status, complete.body]).toEqual([200, first.text, 200, first.body]);
  });
});

describe("an address of a picture", () => {
  test.each([
    ["outside of the pictures", () => `/images/${cafe.id}/${dish}/..%2f..%2f..%2fuploads/160.webp`],
    ["with dots", () => `/images/%2e%2e/%2e%2e/%2e%2e/secrets.json`],
    ["of a size that there is not", () => `/images/${cafe.id}/${dish}/${"0".repeat(32)}/961.webp`],
    ["of nothing", () => `/images/${cafe.id}/${dish}/${"0".repeat(32)}/160.webp`],
  ])("%s shows nothing", async (_, address) => {
    const { answer, bytes } = await picture(address());
    expect([400, 404]).toContain(answer.status);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(bytes.toString()).toMatch(/^{"error"/);
  });
});

test("a day after nothing shows them any more, pictures are deleted, and those that are shown stay", async () => {
  const [old, current] = [await paint(40, 40).png().toBuffer(), await paint(41, 41).png().toBuffer()];
  const { image: gone } = (await uploaded(old, "image/png")).body as Shown;
  const { image: kept } = (await uploaded(current, "image/png")).body as Shown;
  const purge = async () => {
    await campus.worker.db.transaction(purgeImages);
    await campus.drainOutbox();
  };
  await purge();
  expect((await picture(gone.small)).answer.status).toBe(200);
  await campus.sql`update images set done_at = done_at - interval '25 hours', created_at = created_at - interval '25 hours' where cafe_id = ${cafe.id}`;
  await purge();
  for (const address of Object.values(gone)) expect((await picture(address)).answer.status).toBe(404);
  for (const address of Object.values(kept)) expect((await picture(address)).answer.status).toBe(200);
});

describe("with a bucket", () => {
  beforeEach(async ({ skip }) => {
    if (!onS3) skip();
    else await enter(onS3);
  });

  test("the bytes go straight to S3, are checked when that is told, and the original is deleted", async () => {
    const bytes = await paint(1_000, 1_000).jpeg().toBuffer();
    const { body: upload } = await announce(bytes, "image/jpeg");
    expect(upload.upload_url.startsWith(world?.env.S3_URL ?? "none")).toBe(true);
    const body = { upload_id: upload.upload_id };
    const complete = () => owner.api<Shown>("POST", `/admin/menu/items/${dish}/image/complete`, { body });
    expect(outcome(await complete())).toEqual([409, "CONFLICT"]);
    expect((await send(upload, bytes)).status).toBe(200);
    const shown = await complete();
    expect(shown.status).toBe(200);
    expect((await complete()).body).toEqual(shown.body);
    const { answer, bytes: large } = await picture(shown.body.image.large);
    expect([answer.status, (await sharp(large).metadata()).width]).toEqual([200, 960]);
    await campus.drainOutbox();
    const original = await fetch(upload.upload_url.replace(/\?.*/, ""));
    expect(original.status).toBe(404);
  });

  test("what is uploaded there as a picture and is none is refused when it is read", async () => {
    const bytes = Buffer.from("<html>not a picture</html>");
    const { body: upload } = await announce(bytes, "image/png");
    expect((await send(upload, bytes)).status).toBe(200);
    const complete = await owner.api("POST", `/admin/menu/items/${dish}/image/complete`, { body: { upload_id: upload.upload_id } });
    expect(outcome(complete)).toEqual([415, "UNSUPPORTED_MEDIA_TYPE"]);
  });
});
