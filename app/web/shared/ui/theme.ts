import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";

// Ten shades each; what they mean stands in docs/design.md. Pine acts, saffron waits for you, lingon says no, sky explains.
const pine: MantineColorsTuple = [
  "#e6f3ee",
  "#cfe7dd",
  "#a3d1bf",
  "#6fbfa0",
  "#45a685",
  "#26896b",
  "#177259",
  "#0e5a49",
  "#0b483b",
  "#07352b",
];
const saffron: MantineColorsTuple = [
  "#fff4da",
  "#fee7b5",
  "#fbd27a",
  "#f6bb45",
  "#f0a824",
  "#d98f0c",
  "#b06f00",
  "#855300",
  "#633d00",
  "#422800",
];
const lingon: MantineColorsTuple = [
  "#fdecea",
  "#f9d3d0",
  "#f1a39d",
  "#e8746d",
  "#da4a45",
  "#c4302f",
  "#a62127",
  "#86171f",
  "#661017",
  "#450a0f",
];
const sky: MantineColorsTuple = [
  "#e8f1fb",
  "#cfe1f5",
  "#a0c4ea",
  "#6ea4dd",
  "#4485cc",
  "#276bb5",
  "#1a5596",
  "#134277",
  "#0e3159",
  "#09213d",
];

export const theme = createTheme({
  colors: { pine, saffron, lingon, sky },
  primaryColor: "pine",
  primaryShade: { light: 7, dark: 3 },
  autoContrast: true,
  luminanceThreshold: 0.32,
  fontFamily: "'Familjen Grotesk Variable', system-ui, sans-serif",
  headings: { fontFamily: "'Familjen Grotesk Variable', system-ui, sans-serif", fontWeight: "650" },
  defaultRadius: "md",
  radius: { xs: "6px", sm: "10px", md: "14px", lg: "20px", xl: "28px" },
  fontSizes: { xs: "0.8125rem", sm: "0.9375rem", md: "1.0625rem", lg: "1.25rem", xl: "1.5rem" },
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: "md" } },
    TextInput: { defaultProps: { size: "lg" } },
  },
});

/** Mantine's tints and outlines, darkened (light) or lightened (dark) until text on them reads at 4.5:1. */
export const cssVariablesResolver: CSSVariablesResolver = (resolved) => {
  const light: Record<string, string> = {};
  const dark: Record<string, string> = {};
  for (const color of Object.keys(resolved.colors)) {
    const strong = `color-mix(in srgb, var(--mantine-color-${color}-9) 70%, black)`;
    for (const use of ["text", "light-color", "outline"]) {
      light[`--mantine-color-${color}-${use}`] = strong;
      dark[`--mantine-color-${color}-${use}`] = `var(--mantine-color-${color}-2)`;
    }
  }
  return {
    variables: {},
    light: {
      ...light,
      "--mantine-color-body": "var(--paper)",
      "--mantine-color-text": "var(--ink)",
      "--mantine-color-dimmed": "var(--ink-soft)",
      "--mantine-color-placeholder": "var(--ink-soft)",
      "--mantine-color-default": "var(--card)",
      "--mantine-color-default-border": "var(--edge)",
      "--mantine-color-error": "var(--no)",
    },
    dark: {
      ...dark,
      "--mantine-color-body": "var(--paper)",
      "--mantine-color-text": "var(--ink)",
      "--mantine-color-dimmed": "var(--ink-soft)",
      "--mantine-color-placeholder": "var(--ink-soft)",
      "--mantine-color-default": "var(--card)",
      "--mantine-color-default-border": "var(--edge)",
      "--mantine-color-error": "var(--no)",
    },
  };
};
