interface Notifier {
  ariaNotify?(text: string, options?: { priority: "high" | "normal" }): void;
}

let region: HTMLElement | undefined;

/** Says something to a screen reader: by ariaNotify where there is one, else by a live region that only it sees. */
export function announce(text: string): void {
  const notifier = document as unknown as Notifier;
  if (notifier.ariaNotify) {
    notifier.ariaNotify(text, { priority: "high" });
    return;
  }
  if (!region) {
    region = document.createElement("div");
    region.className = "sr-only";
    region.setAttribute("role", "status");
    document.body.append(region);
  }
  region.textContent = "";
  requestAnimationFrame(() => {
    if (region) region.textContent = text;
  });
}
