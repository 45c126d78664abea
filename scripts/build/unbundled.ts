/** Loaded by what they are called, or with files of their own that they read: these stay packages beside the bundles. */
export const unbundled = ["sharp", "pdfkit", "fontkit", "@fontsource/dejavu-sans"] as const;
