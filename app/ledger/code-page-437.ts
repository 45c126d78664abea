// What stands at 128 to 255.
const upperHalf =
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0";
const codes = new Map([...upperHalf].map((letter, index) => [letter, 128 + index]));
const questionMark = 63;

/** IBM PC 8-bit, the one encoding that SIE files may have. What it lacks is written without its accents, else as "?". */
export function encodeCodePage437(text: string): Uint8Array<ArrayBuffer> {
  const letters = [...text.normalize("NFC")];
  return Uint8Array.from(letters, codeOf);
}

function codeOf(letter: string): number {
  const plain = codes.has(letter) ? letter : (letter.normalize("NFD")[0] ?? "?");
  const code = plain.codePointAt(0) ?? questionMark;
  return codes.get(plain) ?? (code < 128 ? code : questionMark);
}
