import { createHash } from "node:crypto";

/** Flat pictures of food, seen from above, drawn here: no photograph's licence to mind, the same for a name everywhere. */
const grounds = ["#f3d9a4", "#cfe0d3", "#f1c6a7", "#d9d3ea", "#c9dde6", "#f0d0cf", "#e3dcb2"];
const circle = (x: number, y: number, r: number, fill: string, more = "") =>
  `<circle cx="${x}" cy="${y}" r="${r}" fill="${fill}" ${more}/>`;
const path = (d: string, fill: string, more = "") => `<path d="${d}" fill="${fill}" ${more}/>`;
const line = (d: string, stroke: string, width: number) =>
  `<path d="${d}" fill="none" stroke="${stroke}" stroke-width="${width}" stroke-linecap="round" stroke-linejoin="round"/>`;

const shade = '<ellipse cx="500" cy="392" rx="285" ry="272" fill="#000" opacity=".14"/>';
const plate = (inner = "#f4f1ea") => `${shade}${circle(480, 360, 275, "#fffdf8")}${circle(480, 360, 208, inner)}`;
const scatter = (count: number, reach: number, draw: (x: number, y: number, index: number) => string) =>
  Array.from({ length: count }, (_, index) => {
    const [angle, distance] = [index * 2.399_963, reach * Math.sqrt((index + 0.5) / count)];
    return draw(Math.round(480 + Math.cos(angle) * distance), Math.round(360 + Math.sin(angle) * distance), index);
  }).join("");

const cup = (drink: string, art: string) =>
  `${shade}${circle(480, 360, 275, "#fffdf8")}${circle(480, 360, 228, "#efe9dc")}<rect x="640" y="326" width="150" height="68" rx="34" fill="#fffdf8"/>${circle(480, 360, 180, "#ffffff")}${circle(480, 360, 158, drink)}${art}`;
const heart = path("M480 448c-78-52-96-104-70-140 22-30 56-22 70 12 14-34 48-42 70-12 26 36 8 88-70 140Z", "#f4dfc2");
const rosetta =
  [0, 1, 2, 3].map((row) => line(`M${400 + row * 12} ${300 + row * 34}q80 56 ${160 - row * 24} 0`, "#f3dcbc", 17)).join("") +
  line("M480 268v190", "#f3dcbc", 10);
const swirl = (dough: string, filling: string, dots: string) =>
  `${plate()}${circle(480, 360, 178, dough)}${line("M480 360m-8 0a24 24 0 0 1 48 0a62 62 0 0 1-124 0a96 96 0 0 1 192 0a132 132 0 0 1-264 0", filling, 19)}${scatter(16, 150, (x, y) => `<rect x="${x - 7}" y="${y - 7}" width="14" height="14" rx="4" fill="${dots}"/>`)}`;
const balls = `${plate()}${[
  [400, 300],
  [560, 306],
  [478, 440],
]
  .map(([x = 0, y = 0]) => `${circle(x, y, 82, "#4a2a1a")}${scatter(22, 70, (sx, sy) => circle(sx - 480 + x, sy - 360 + y, 6, "#f6efe2"))}`)
  .join("")}`;
const openSandwich = `${plate()}<rect x="318" y="236" width="324" height="250" rx="56" fill="#a8703a"/><rect x="336" y="252" width="288" height="218" rx="44" fill="#d9a866"/>${path("M340 330q40-70 90-40t100-20 90 50v90q-60 40-130 20t-150 10Z", "#79ad57")}${[0, 1, 2, 3, 4].map((index) => line(`M${380 + index * 46} ${398 - (index % 2) * 40}q-34-46 12-60q42 0 28 46`, "#f0876a", 22)).join("")}${circle(560, 320, 40, "#fffdf3")}${circle(560, 320, 19, "#f5b52e")}`;
const roll = `${plate()}<ellipse cx="480" cy="390" rx="190" ry="116" fill="#b97936"/><ellipse cx="480" cy="340" rx="190" ry="122" fill="#dba055"/>${path("M300 380q90 36 180 20t184-26l-26 46q-80 32-160 20t-150-24Z", "#f7c843")}${scatter(18, 120, (x, y) => `<ellipse cx="${x}" cy="${y - 44}" rx="9" ry="5" fill="#f8e6c3"/>`)}`;
const meatballs = `${plate()}${path("M330 300q40-90 150-84t150 90q-10 90-150 60t-150-66Z", "#f6e6b4")}${[
  [400, 420],
  [470, 452],
  [540, 430],
  [440, 370],
  [514, 372],
]
  .map(([x = 0, y = 0]) => `${circle(x, y, 40, "#7a4526")}${circle(x - 10, y - 12, 13, "#96603c")}`)
  .join("")}${[
  [600, 360],
  [622, 392],
  [590, 398],
  [614, 428],
]
  .map(([x = 0, y = 0]) => circle(x, y, 16, "#b3202d"))
  .join("")}`;
const baked = (base: string, crust: string, bits: string) =>
  `${shade}<rect x="222" y="170" width="516" height="380" rx="70" fill="#33505a"/><rect x="254" y="200" width="452" height="320" rx="48" fill="${base}"/>${scatter(26, 190, (x, y, index) => `<ellipse cx="${x}" cy="${Math.round(360 + (y - 360) * 0.72)}" rx="${22 + (index % 3) * 8}" ry="${12 + (index % 2) * 6}" fill="${index % 3 === 0 ? bits : crust}" opacity=".9"/>`)}`;
const soup = `${shade}${circle(480, 360, 270, "#fffdf8")}${circle(480, 360, 214, "#d9b84a")}${scatter(30, 170, (x, y, index) => circle(x, y, index % 4 === 0 ? 16 : 10, index % 5 === 0 ? "#e98d72" : "#efd574"))}${line("M420 300q60-40 120 0", "#fff7d8", 12)}`;
const salad = (main: string, second: string, crumbs: string) =>
  `${shade}${circle(480, 360, 275, "#2f4a45")}${circle(480, 360, 236, "#3f625b")}${scatter(34, 200, (x, y, index) => `<ellipse cx="${x}" cy="${y}" rx="52" ry="27" transform="rotate(${index * 47} ${x} ${y})" fill="${["#7fb35a", "#5d9746", "#9cc873"][index % 3]}"/>`)}${scatter(9, 150, (x, y, index) => `<rect x="${x - 30}" y="${y - 18}" width="60" height="36" rx="14" transform="rotate(${index * 31} ${x} ${y})" fill="${index % 2 ? main : second}"/>`)}${scatter(24, 190, (x, y) => circle(x, y, 9, crumbs))}`;
const glass = `${'<ellipse cx="520" cy="400" rx="190" ry="180" fill="#000" opacity=".14"/>'}${circle(480, 360, 190, "#e9f1f2")}${circle(480, 360, 164, "#a91f3a")}${circle(480, 360, 164, "#c93a52", 'opacity=".6"')}<rect x="404" y="292" width="86" height="86" rx="16" fill="#f4cdd4" opacity=".75" transform="rotate(14 440 330)"/><rect x="490" y="372" width="72" height="72" rx="14" fill="#f4cdd4" opacity=".65" transform="rotate(-20 520 400)"/>${line("M560 250L660 130", "#fffdf8", 20)}`;
const teapot = `${shade}${circle(460, 370, 210, "#37606a")}${circle(460, 370, 150, "#436f7a")}${circle(460, 370, 34, "#f3d9a4")}<path d="M650 350q90-10 120-70l26 20q-20 96-136 124Z" fill="#37606a"/>${line("M262 330q-90 40 0 110", "#2c4f58", 30)}${circle(690, 530, 92, "#fffdf8")}${circle(690, 530, 66, "#c47a35")}`;
const cake = (body: string, top: string, dots: string) =>
  `${plate()}${path("M300 430L640 250a30 30 0 0 1 40 34l-30 150a60 60 0 0 1-60 48H340a46 46 0 0 1-40-52Z", body)}${path("M300 430L640 250a30 30 0 0 1 40 34l-6 30L318 470Z", top)}${scatter(12, 80, (x, y) => circle(x + 40, y - 10, 9, dots))}${circle(370, 280, 52, "#fffdf3")}${circle(356, 262, 30, "#ffffff")}`;
const porridge = `${shade}${circle(480, 360, 270, "#5a7a8c")}${circle(480, 360, 222, "#eaddc0")}${path("M400 360q80-110 170-20 30 90-60 116t-110-96Z", "#d8a13f")}${scatter(20, 180, (x, y) => `<ellipse cx="${x}" cy="${y}" rx="12" ry="7" fill="#f7efdc"/>`)}${scatter(8, 60, (x, y) => circle(x, y, 6, "#8a4b1f"))}`;

const drawings: Readonly<Record<string, string>> = {
  Bryggkaffe: cup("#3b2115", line("M420 320q60-50 120 0", "#6b4029", 10)),
  Cappuccino: cup("#b77b46", heart),
  Havrelatte: cup("#c28f5c", rosetta),
  Kanelbulle: swirl("#d89a52", "#7d4519", "#fffaf0"),
  Kardemummabulle: swirl("#e2b36c", "#9a6a2a", "#5c6b2c"),
  Chokladboll: balls,
  Räksmörgås: openSandwich,
  Ostfralla: roll,
  "Dagens husman": meatballs,
  "Dagens vegetariska": baked("#e0a94a", "#f0cd7c", "#a8482a"),
  "Ärtsoppa och pannkakor": soup,
  Laxpudding: baked("#f0d9a2", "#ef9a78", "#6d9a4d"),
  Caesarsallad: salad("#e9c68d", "#c98f4d", "#f8efd2"),
  Halloumisallad: salad("#f6e3a6", "#d9a24b", "#b3202d"),
  Lingondricka: glass,
  Espresso: cup("#2b160d", circle(480, 360, 118, "#7a4a22", 'opacity=".55"')),
  "Kaffe latte": cup("#c79765", rosetta),
  "Te i kanna": teapot,
  Kladdkaka: cake("#4b2a1c", "#623a27", "#f6efe2"),
  Morotskaka: cake("#b9742f", "#fbf3e0", "#e0762a"),
  Grötfrukost: porridge,
};

/** A dish that nobody drew is a plate with something on it. */
export function drawingOf(name: string): string {
  const [first = 0, second = 0] = createHash("sha256").update(name).digest();
  const ground = grounds[first % grounds.length];
  const food = drawings[name] ?? `${plate()}${circle(480, 360, 160, `hsl(${20 + (second % 40)} 60% 55%)`)}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="960" height="720" viewBox="0 0 960 720"><rect width="960" height="720" fill="${ground}"/>${food}</svg>`;
}
