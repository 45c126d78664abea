import { create } from "qrcode";

// The border that readers need, in modules.
const quietModules = 4;

/** The charge's address as a QR code: a phone without pushes finds its question by its camera. */
export function ChargeCode({ address, label }: { readonly address: string; readonly label: string }) {
  const { modules } = create(address, { errorCorrectionLevel: "M" });
  const side = modules.size + 2 * quietModules;
  const squares: string[] = [];
  for (let row = 0; row < modules.size; row += 1)
    for (let column = 0; column < modules.size; column += 1)
      if (modules.get(row, column)) squares.push(`M${column + quietModules} ${row + quietModules}h1v1h-1z`);
  return (
    <svg className="charge-code" viewBox={`0 0 ${side} ${side}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <rect width={side} height={side} fill="#fff" />
      <path d={squares.join("")} fill="#000" />
    </svg>
  );
}
