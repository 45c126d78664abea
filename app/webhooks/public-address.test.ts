import { expect, test } from "vitest";
import { isAllowedAddress } from "./public-address.ts";

test.each(["8.8.8.8", "193.10.0.1", "100.63.255.255", "172.15.0.1", "172.32.0.1", "2a00:1450:400f:80c::200e", "2606:4700::1111"])(
  "%s is on the public internet",
  (address) => expect(isAllowedAddress(address, false)).toBe(true),
);

test.each([
  ...["0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.9.9.9", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.168.1.1"],
  ...["192.0.0.8", "198.18.0.1", "203.0.113.9", "224.0.0.1", "240.0.0.1", "255.255.255.255"],
  ...[
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::a00:1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
  ],
  ...["ff02::1", "2001:db8::1", "2001::1", "2002:a00:1::", "100::1"],
])("%s is not", (address) => expect(isAllowedAddress(address, false)).toBe(false));

test("in the sandbox this machine may be reached, and still no network around it", () => {
  expect(["127.0.0.1", "::1", "10.0.0.1", "169.254.169.254", "192.168.1.1"].map((address) => isAllowedAddress(address, true))).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});
