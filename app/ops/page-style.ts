export const pageStyle = `:root {
  color-scheme: light dark;
  --ink: light-dark(#1c2430, #e7ebf2);
  --soft: light-dark(#5b6675, #9aa6b8);
  --paper: light-dark(#f5f7fa, #12161d);
  --card: light-dark(#ffffff, #1b212b);
  --edge: light-dark(#d9dfe7, #2c3542);
  --good: light-dark(#12734a, #4ccf94);
  --warn: light-dark(#8a5a00, #f0b64a);
  --bad: light-dark(#b3261e, #ff7b72);
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.45 system-ui, sans-serif; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 8px 24px; padding: 16px 24px; background: var(--card); border-bottom: 1px solid var(--edge); position: sticky; top: 0; }
h1 { margin: 0; font-size: 20px; }
h1 span { color: var(--soft); font-weight: 400; }
#state { margin: 0; font-weight: 600; }
.good { color: var(--good); }
.warn { color: var(--warn); }
.bad { color: var(--bad); }
main, form { max-width: 1280px; margin: 0 auto; padding: 16px 24px 48px; }
form { display: grid; gap: 12px; max-width: 360px; margin-top: 48px; padding: 24px; background: var(--card); border: 1px solid var(--edge); border-radius: 8px; }
form[hidden] { display: none; }
label { display: grid; gap: 4px; }
input, button { font: inherit; padding: 8px 10px; border-radius: 6px; border: 1px solid var(--edge); background: var(--paper); color: inherit; }
button { background: var(--ink); color: var(--card); cursor: pointer; }
h2 { font-size: 17px; margin: 28px 0 4px; }
.small { color: var(--soft); font-size: 13px; margin: 0 0 8px; }
.alarm { background: var(--card); border: 1px solid var(--edge); border-left: 6px solid var(--warn); border-radius: 6px; padding: 10px 14px; margin: 8px 0; }
.alarm.page { border-left-color: var(--bad); }
.alarm h3 { margin: 0; font-size: 15px; }
.alarm p { margin: 2px 0; }
table { width: 100%; border-collapse: collapse; background: var(--card); border: 1px solid var(--edge); border-radius: 6px; }
th, td { text-align: left; padding: 6px 12px; border-top: 1px solid var(--edge); font-variant-numeric: tabular-nums; }
thead th { border-top: 0; color: var(--soft); font-weight: 500; font-size: 13px; }
meter { width: 120px; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(320px, 1fr)); gap: 0 24px; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(340px, 1fr)); gap: 12px; }
.chart { margin: 0; padding: 6px; background: var(--card); border: 1px solid var(--edge); border-radius: 6px; }
.chart svg { display: block; width: 100%; height: auto; }
.title { font-size: 13px; font-weight: 600; fill: var(--ink); }
.axis { font-size: 10.5px; fill: var(--soft); }
.grid { stroke: var(--edge); stroke-width: 1; }
.limit { stroke: var(--bad); stroke-width: 1.5; stroke-dasharray: 5 4; }
.line { fill: none; stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round; }
.c0 { stroke: light-dark(#1f6feb, #6cb0ff); --key: light-dark(#1f6feb, #6cb0ff); }
.c1 { stroke: light-dark(#b35900, #ffab52); --key: light-dark(#b35900, #ffab52); }
.c2 { stroke: light-dark(#12734a, #4ccf94); --key: light-dark(#12734a, #4ccf94); }
.c3 { stroke: light-dark(#8250df, #c297ff); --key: light-dark(#8250df, #c297ff); }
.c4 { stroke: light-dark(#bf3989, #ff80c8); --key: light-dark(#bf3989, #ff80c8); }
.c5 { stroke: light-dark(#57606a, #b1bac4); --key: light-dark(#57606a, #b1bac4); }
.c6 { stroke: light-dark(#0a7d8c, #45d0e0); --key: light-dark(#0a7d8c, #45d0e0); }
.c7 { stroke: light-dark(#7d6400, #e6c84b); --key: light-dark(#7d6400, #e6c84b); }
figcaption { display: flex; flex-wrap: wrap; gap: 2px 12px; font-size: 12px; color: var(--soft); padding: 0 4px 2px; }
.key::before { content: ""; display: inline-block; width: 10px; height: 3px; margin-right: 5px; vertical-align: middle; background: var(--key, var(--bad)); }
`;
