/** What a box is, which gives it its colour. */
export type Kind = "outside" | "edge" | "compute" | "store" | "message" | "base";

export type Box = {
  readonly id: string;
  readonly kind: Kind;
  readonly title: string;
  readonly lines?: readonly string[];
  readonly rank?: number;
};

/** A dashed arrow is a way that is taken only when another fails, or a copy. */
export type Arrow = { readonly from: string; readonly to: string; readonly label?: string; readonly dashed?: boolean };

export type Graph = { readonly title: string; readonly boxes: readonly Box[]; readonly arrows: readonly Arrow[] };
