import { expect, test } from "vitest";
import { subnetCidrs } from "./cidr.ts";

const range = (cidr: string): [number, number] => {
  const [address = "", bits = ""] = cidr.split("/");
  const first = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  return [first, first + 2 ** (32 - Number(bits)) - 1];
};

test("nine subnets lie inside the network and none overlaps another", () => {
  const [from, to] = range("10.40.0.0/16");
  const ranges = Object.values(subnetCidrs("10.40.0.0/16"))
    .flat()
    .map(range)
    .sort(([a], [b]) => a - b);
  expect(ranges).toHaveLength(9);
  for (const [index, [first, last]] of ranges.entries()) {
    expect(first).toBeGreaterThan(ranges[index - 1]?.[1] ?? from - 1);
    expect(last).toBeLessThanOrEqual(to);
  }
});

test.each(["10.0.0.0/8", "10.256.0.0/16", "192.168.0.0/16", "10.40.1.0/16", "10.40.0.0"])(
  "%s is refused with an example of a good one",
  (cidr) => {
    expect(() => subnetCidrs(cidr)).toThrow(`the network "${cidr}" is not a 10.N.0.0/16; choose one`);
  },
);
