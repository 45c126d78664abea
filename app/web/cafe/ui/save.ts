import { errorOf } from "../../shared/api/request.ts";

/** Gives a file to whoever sits here. */
export function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** What an answer holds; a refusal is thrown. */
export async function fileOf(asking: Promise<unknown>): Promise<Blob> {
  const answer = (await asking) as Response;
  if (!answer.ok) throw await errorOf(answer);
  return answer.blob();
}

/** The same, and given to whoever sits here. */
export const saveAnswer = async (asking: Promise<unknown>, name: string): Promise<void> => save(await fileOf(asking), name);
