// The settings of the guide's site. It is built from a folder of copies (scripts/guide/stage.ts), with this file among them.
const page = (text, link) => ({ text, link });

// biome-ignore lint/style/noDefaultExport: VitePress takes its settings so.
export default {
  base: "/guide/",
  lang: "en",
  title: "Campus Pay",
  description: "How to use it, run it and change it",
  metaChunk: true,
  lastUpdated: false,
  // Else a style element is written at each page, which the policy refuses.
  appearance: { disableTransition: false },
  head: [["link", { rel: "icon", href: "data:," }]],
  markdown: {
    // The same addresses of headings as on GitHub: a test checks the links by them.
    anchor: {
      slugify: (text) =>
        text
          .toLowerCase()
          .trim()
          .replace(/[^\p{L}\p{N}_ -]/gu, "")
          .replaceAll(" ", "-"),
    },
    // A heading `{id}` or a text `{{ }}` is Markdown here, and nothing for Vue.
    attrs: { disable: true },
    config: (markdown) => {
      const fence = markdown.renderer.rules.fence;
      // Blocks of the runbooks have words of their own behind the three marks.
      markdown.renderer.rules.fence = (tokens, index, ...rest) => {
        const token = tokens[index];
        if (/^expect\b/.test(token.info)) token.info = "txt";
        return fence(tokens, index, ...rest);
      };
    },
  },
  vite: { build: { chunkSizeWarningLimit: 4_000 } },
  themeConfig: {
    search: { provider: "local" },
    outline: [2, 3],
    nav: [
      page("Students", "/guides/student"),
      page("Cafés", "/guides/cafe"),
      page("Platform", "/guides/platform-team"),
      page("On call", "/guides/on-call"),
    ],
    sidebar: [
      {
        text: "Begin here",
        items: [
          page("All pages", "/pages"),
          page("For students", "/guides/student"),
          page("For cafés", "/guides/cafe"),
          page("For a platform team", "/guides/platform-team"),
          page("On call", "/guides/on-call"),
        ],
      },
      {
        text: "How it works",
        collapsed: false,
        items: [
          page("From scan to receipt", "/flow"),
          page("Orders", "/orders"),
          page("Menu", "/menu"),
          page("Cafés", "/cafes"),
          page("Counter", "/counter"),
          page("Payments", "/payments"),
          page("Settlements", "/settlements"),
          page("People", "/people"),
          page("Live", "/live"),
          page("Notifications", "/notifications"),
          page("Reports", "/reports"),
          page("Design", "/design"),
        ],
      },
      {
        text: "Change it",
        collapsed: true,
        items: [
          page("Contributing", "/contributing"),
          page("Where is what", "/where-is-what"),
          page("How to", "/how-to/"),
          page("Idempotency", "/idempotency"),
          page("Redis", "/redis"),
          page("Schema", "/schema"),
          page("Life of the API", "/api-life"),
          page("Decisions", "/decisions/"),
          page("Proof", "/proof"),
        ],
      },
      {
        text: "Run it",
        collapsed: true,
        items: [
          page("The platform", "/platform/"),
          page("First deploy", "/platform/first-deploy"),
          page("Regions", "/platform/regions"),
          page("Failover", "/failover"),
          page("Configuration", "/configuration"),
          page("Promises", "/slo"),
          page("Runbooks", "/runbooks/"),
          page("Law", "/law"),
        ],
      },
    ],
  },
};
