import { errorOf } from "../../shared/api/request.ts";

/** Gives a file to whoever sits here. */
export function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** The same from an answer; a refusal is thrown, not saved. */
export async function saveAnswer(asking: Promise<unknown>, name: string): Promise<void> {
  const answer = (await asking) as Response;
  if (!answer.ok) throw await errorOf(answer);
  save(await answer.blob(), name);
}
