import type { Part } from "./packages.ts";

/** The list of parts in CycloneDX 1.6, without times and serial numbers: they would give each build other bytes. */
export function billOfMaterials(parts: readonly Part[]): string {
  const byKey = new Map(parts.map((part) => [`${part.name}@${part.version}`, part]));
  const components = [...byKey]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, { name, version, licence }]) => ({
      type: "library",
      "bom-ref": key,
      name,
      version,
      purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
      ...(licence === undefined ? {} : { licenses: [licence.includes(" ") ? { expression: licence } : { license: { id: licence } }] }),
    }));
  const metadata = { component: { type: "application", "bom-ref": "campus-pay", name: "campus-pay" } };
  return `${JSON.stringify({ bomFormat: "CycloneDX", specVersion: "1.6", version: 1, metadata, components }, null, 2)}\n`;
}
