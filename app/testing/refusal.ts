import type { ErrorBody } from "../platform/errors.ts";

interface Answered {
  readonly status: number;
  readonly body: unknown;
}

/** What a refused answer holds: for toMatchObject(). */
export const refused = (status: number, code: string) => ({ status, body: { error: { code } } });

/** The code of a refusal; undefined where nothing was refused. */
export const codeOf = ({ body }: Pick<Answered, "body">) => (body as Partial<ErrorBody>).error?.code;

export const outcome = (answer: Answered) => [answer.status, codeOf(answer)];

/** An id that nothing has. */
export const unknownId = "0192f0c1-0000-7000-8000-000000000000";
