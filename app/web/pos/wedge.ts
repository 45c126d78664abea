/**
 * Catches a card reader that types like a keyboard, whatever has the focus: 8 to 20 hexadecimal digits, at most 50 ms apart,
 * and Enter. Keys are read by their place, so a till with a French layout reads the same card. What the reader typed into a
 * field is taken out of it again.
 */
export function listenToReader(onCard: (uid: string) => void): () => void {
  const longestGapMs = 50;
  let digits = "";
  let lastAt = 0;
  let field: HTMLInputElement | undefined;
  let before = "";

  const digitOf = (code: string): string | undefined => /^(?:Digit|Numpad)(\d)$/.exec(code)?.[1] ?? /^Key([A-F])$/.exec(code)?.[1];
  const reset = () => {
    digits = "";
    field = undefined;
  };
  const onKey = (event: KeyboardEvent) => {
    const gap = event.timeStamp - lastAt;
    lastAt = event.timeStamp;
    if (gap > longestGapMs) reset();
    if (event.code === "Enter" || event.code === "NumpadEnter" || event.code === "Tab") {
      const isCard = digits.length >= 8 && digits.length <= 20;
      if (isCard) {
        event.preventDefault();
        event.stopPropagation();
        if (field) putBack(field, before);
        onCard(digits);
      }
      reset();
      return;
    }
    const digit = digitOf(event.code);
    if (digit === undefined || event.ctrlKey || event.metaKey || event.altKey) return reset();
    if (digits === "" && event.target instanceof HTMLInputElement) {
      field = event.target;
      before = field.value;
    }
    digits += digit;
  };
  document.addEventListener("keydown", onKey, { capture: true });
  return () => document.removeEventListener("keydown", onKey, { capture: true });
}

/** Through the element's own setter, so that React sees the change. */
function putBack(field: HTMLInputElement, value: string): void {
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set?.call(field, value);
  field.dispatchEvent(new Event("input", { bubbles: true }));
}
