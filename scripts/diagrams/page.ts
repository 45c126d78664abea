/** The line that tells a reader not to edit. */
export const written = "<!-- Written by `npm run generate` from the synthesized stacks. Do not edit. -->";

export const page = (title: string, about: string, ...parts: readonly (readonly string[])[]): string =>
  [`# ${title}`, "", written, "", about, ...parts.flatMap((part) => ["", ...part]), ""].join("\n");

export const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string[] => [
  `| ${heads.join(" | ")} |`,
  `| ${heads.map(() => "---").join(" | ")} |`,
  ...rows.map((row) => `| ${row.join(" | ")} |`),
];
