import path from "node:path";
import react from "@vitejs/plugin-react";
import type { InlineConfig, Plugin } from "vite";
import { VitePWA } from "vite-plugin-pwa";
import { builtFolder, type WebApp, webApps, webFolder } from "./apps.ts";
import { themeCss } from "./shared/ui/theme-css.ts";

/** One build per app: a build of several pages would put all of them into one worker's precache. */
export function viteConfig(app: WebApp): InlineConfig {
  const { base, hasWorker } = webApps[app];
  return {
    configFile: false,
    root: path.join(webFolder, app),
    base,
    mode: "production",
    logLevel: "warn",
    publicDir: path.join(webFolder, app, "public"),
    // What stands in the root's node_modules would take the older React that cdktf-cli brings.
    resolve: { dedupe: ["react", "react-dom"] },
    plugins: [react(), themeVariables(), ...(hasWorker ? [worker(app)] : [])],
    build: {
      outDir: path.join(builtFolder, app),
      emptyOutDir: true,
      manifest: true,
      target: "es2022",
      assetsInlineLimit: 0,
      reportCompressedSize: false,
      modulePreload: { polyfill: false },
    },
  };
}

/** The theme's variables as a file: at run time Mantine would write a style element, which the policy forbids. */
function themeVariables(): Plugin {
  const name = "virtual:theme.css";
  return {
    name: "campus-theme",
    resolveId: (id) => (id === name ? `\0${name}` : undefined),
    load: (id) => (id === `\0${name}` ? themeCss() : undefined),
  };
}

function worker(app: WebApp) {
  const { base, name } = webApps[app];
  return VitePWA({
    strategies: "injectManifest",
    srcDir: ".",
    filename: "sw.ts",
    registerType: "prompt",
    injectRegister: false,
    injectManifest: { globPatterns: ["**/*.{js,css,html,woff2}"], globIgnores: ["**/*-lazy-*"] },
    manifest: {
      name,
      short_name: name,
      start_url: base,
      scope: base,
      display: "standalone",
      background_color: "#faf6ee",
      theme_color: "#0e5a49",
      icons: [
        { src: `${base}icon-192.png`, sizes: "192x192", type: "image/png" },
        { src: `${base}icon-512.png`, sizes: "512x512", type: "image/png" },
        { src: `${base}icon-512.png`, sizes: "512x512", type: "image/png", purpose: "maskable" },
      ],
    },
  });
}
