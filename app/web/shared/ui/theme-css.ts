import { convertCssVariables, DEFAULT_THEME, defaultCssVariablesResolver, mergeMantineTheme } from "@mantine/core";
import { cssVariablesResolver, theme } from "./theme.ts";

/** The theme's variables as a stylesheet, made while building. */
export function themeCss(): string {
  const merged = mergeMantineTheme(DEFAULT_THEME, theme);
  const [basic, own] = [defaultCssVariablesResolver(merged), cssVariablesResolver(merged)];
  const variables = {
    variables: { ...basic.variables, ...own.variables },
    light: { ...basic.light, ...own.light },
    dark: { ...basic.dark, ...own.dark },
  };
  return convertCssVariables(variables, ":root");
}
