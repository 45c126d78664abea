import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { deserialize, serialize } from "node:v8";
import { emptyBooks, type GatewayBooks } from "./gateway-books.ts";

interface BooksFile {
  readonly books: GatewayBooks;
  write(): void;
}

/**
 * The gateway's books as of its last request. A real gateway forgets no payment at our restart, and reconciliation would call
 * each of them unknown. In V8's own format, which keeps maps, and one payment in two of them as one.
 */
export function openBooks(file: string | undefined): BooksFile {
  if (file === undefined) return { books: emptyBooks(), write: () => undefined };
  const books = existsSync(file) ? (deserialize(readFileSync(file)) as GatewayBooks) : emptyBooks();
  return {
    books,
    write() {
      writeFileSync(`${file}.new`, serialize(books), { mode: 0o600 });
      renameSync(`${file}.new`, file);
    },
  };
}
