/** A long answer that is made while it is sent: the next piece is asked for when the client has taken the one before. */
export function streamOf(pieces: AsyncGenerator<Uint8Array<ArrayBuffer>, void, void>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller) {
      const next = await pieces.next();
      if (next.done) controller.close();
      else controller.enqueue(next.value);
    },
    async cancel() {
      await pieces.return();
    },
  });
}

const utf8 = new TextEncoder();

export const streamText = (pieces: AsyncGenerator<string, void, void>): ReadableStream<Uint8Array<ArrayBuffer>> =>
  streamOf(encoded(pieces, (text) => utf8.encode(text)));

export async function* encoded(
  pieces: AsyncGenerator<string, void, void>,
  encode: (text: string) => Uint8Array<ArrayBuffer>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  for await (const piece of pieces) yield encode(piece);
}
