import { type Actor, auditActor } from "../identity/actor.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { type Queryable, sql, type Transaction, violatedConstraint } from "../platform/postgres.ts";

/** What the university keeps of a café's sales, from a day on. */
export interface Terms {
  readonly id: string;
  /** null: for every café that has none of its own. */
  readonly cafeId: string | null;
  readonly fromDay: string;
  readonly feeBasisPoints: number;
  readonly feeVatBasisPoints: number;
  readonly createdAt: Date;
}

const maxTerms = 1_000;

export const listTerms = (db: Queryable, cafeId: string | undefined): Promise<Terms[]> =>
  db.rows<Terms>(sql`
    select id, cafe_id, to_char(from_day, 'YYYY-MM-DD') as from_day, fee_basis_points, fee_vat_basis_points, created_at from settlement_terms
    where ${cafeId ?? null}::uuid is null or cafe_id = ${cafeId ?? null} or cafe_id is null
    order by cafe_id nulls first, from_day desc limit ${maxTerms}`);

interface Input extends Omit<Terms, "id" | "createdAt">, Actor {}

/** From a day that has not begun: what was agreed for a day that runs or is over stays as it was. */
export async function setTerms(tx: Transaction, input: Input): Promise<Terms> {
  const { fromDay, feeBasisPoints, feeVatBasisPoints } = input;
  const begun = await tx.row<{ hasBegun: boolean }>(sql`select ${fromDay}::date <= (now() + interval '14 hours')::date as has_begun`);
  if (begun?.hasBegun !== false) {
    throw new CodedError("VALIDATION_ERROR", "Terms hold from a later day on: this one has begun somewhere, or is over.", {
      details: { fields: [{ field: "from_day", problem: "must be a day that has not begun" }] },
    });
  }
  const terms = await insert(tx, input);
  await auditActor(tx, input, {
    action: "settlement.terms_set",
    objectKind: "settlement_terms",
    objectId: terms.id,
    details: { from_day: fromDay, fee_basis_points: feeBasisPoints, fee_vat_basis_points: feeVatBasisPoints },
  });
  return terms;
}

async function insert(tx: Transaction, { cafeId, fromDay, feeBasisPoints, feeVatBasisPoints, staffId }: Input): Promise<Terms> {
  try {
    const made = await tx.row<Terms>(sql`
      insert into settlement_terms (cafe_id, from_day, fee_basis_points, fee_vat_basis_points, set_by)
      values (${cafeId}, ${fromDay}::date, ${feeBasisPoints}, ${feeVatBasisPoints}, ${staffId})
      returning id, cafe_id, to_char(from_day, 'YYYY-MM-DD') as from_day, fee_basis_points, fee_vat_basis_points, created_at`);
    if (!made) throw new Error("The terms were not written.");
    return made;
  } catch (error) {
    const constraint = violatedConstraint(error);
    if (constraint === "settlement_terms_cafe_id_fkey") throw notFound("The café");
    if (constraint === "settlement_terms_cafe_id_from_day_key")
      throw new CodedError("CONFLICT", "There are terms from this day on already: choose another day.", { cause: error });
    throw error;
  }
}
