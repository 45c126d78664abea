import { createHash } from "node:crypto";

export const css = `
:root{--paper:#fff;--ink:#1c2430;--soft:#5d6b7e;--line:#dfe4ea;--shade:#f5f7f9;--link:#0b57a4;--get:#0b6e4f;--post:#0b57a4;--put:#8a5a00;--delete:#a8231c}
@media(prefers-color-scheme:dark){:root{--paper:#12161c;--ink:#e4e9f0;--soft:#9aa7b8;--line:#2b333e;--shade:#1a2028;--link:#7db7f5;--get:#5fcf9f;--post:#7db7f5;--put:#e0b25a;--delete:#f2837b}}
*{box-sizing:border-box}
html{scroll-behavior:smooth;scroll-padding-top:1rem}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,sans-serif;display:grid;grid-template-columns:13rem minmax(0,1fr)}
a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
small{color:var(--soft);font-weight:400;font-size:.85em}
code{font:.88em/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
nav{position:sticky;top:0;height:100vh;overflow:auto;padding:1.5rem 1.25rem;border-right:1px solid var(--line);background:var(--shade)}
nav ul{list-style:none;padding:0;margin:.75rem 0}nav li{margin:.3rem 0}
main{padding:1.5rem clamp(1rem,4vw,3rem) 5rem;max-width:70rem;width:100%}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 1rem}h1 small{display:block;font-size:.95rem;margin-top:.35rem}
h2{font-size:1.3rem;margin:2.75rem 0 .75rem;text-transform:capitalize}
h3{font-size:.95rem;margin:1.25rem 0 .4rem}
header p{margin:.55rem 0;max-width:48rem}header dl{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1rem;margin:1.25rem 0;max-width:48rem}dd{margin:0}
details{border:1px solid var(--line);border-radius:8px;margin:.5rem 0;background:var(--paper)}
details[open]>summary{border-bottom:1px solid var(--line)}
summary{cursor:pointer;padding:.6rem .9rem;display:grid;grid-template-columns:4.4rem minmax(0,1fr) auto;gap:.1rem .75rem;align-items:baseline;border-radius:8px;list-style:none}
summary::-webkit-details-marker{display:none}
summary:hover{background:var(--shade)}
.method{font:600 .78rem ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;color:var(--soft)}
.get{color:var(--get)}.post{color:var(--post)}.put,.patch{color:var(--put)}.delete{color:var(--delete)}
.path{font-weight:600;overflow-wrap:anywhere}.path i{font-style:normal;color:var(--soft)}
.what{grid-column:2;grid-row:2;color:var(--soft);font-size:.92rem}
.who{grid-column:3;grid-row:1/span 2;display:flex;flex-wrap:wrap;gap:.25rem;justify-content:flex-end;max-width:16rem}
.chip{font-size:.75rem;border:1px solid var(--line);border-radius:99px;padding:0 .55rem;color:var(--soft);white-space:nowrap;background:var(--shade)}
.inside{padding:.2rem .9rem 1rem}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th{text-align:left;font-weight:400;color:var(--soft);font-size:.8rem}
th,td{padding:.32rem .9rem .32rem 0;border-bottom:1px solid var(--line);vertical-align:top}
td{overflow-wrap:anywhere}td:first-child,td small{white-space:nowrap}
.fields th:first-child{width:34%}.codes th:first-child{width:4.5rem}
.status{color:var(--get)}.status.bad{color:var(--soft)}
@media(max-width:46rem){body{display:block}nav{position:static;height:auto;border-right:0;border-bottom:1px solid var(--line);padding:1rem}nav ul{display:flex;flex-wrap:wrap;gap:.2rem 1rem}summary{grid-template-columns:3.6rem minmax(0,1fr)}.who{grid-column:2;grid-row:3;justify-content:flex-start}}
@media print{nav{display:none}body{display:block}details{break-inside:avoid}}
`;

/** The page's own style is allowed by its hash; everything else is forbidden, scripts too. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(css).digest("base64")}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");
