import { type Queryable, sql } from "../platform/postgres.ts";

const maxWords = 8;
const maxFound = 100;

/**
 * The ids of the items that fit, best first. Every word must begin a word of the name or the description; a part of a name
 * is found too, since Swedish writes "räksmörgås" in one word.
 */
export async function searchMenu(db: Queryable, cafeId: string, text: string): Promise<string[]> {
  const rows = await db.rows<{ id: string }>(sql`
    with asked as (select to_tsquery('simple', fold_text(${prefixQuery(text)})) as query, fold_text(${text}) as folded)
    select m.id from menu_items m, asked a
    where m.cafe_id = ${cafeId} and m.deleted_at is null and (m.search_words @@ a.query or strpos(fold_text(m.name), a.folded) > 0)
    order by ts_rank(m.search_words, a.query) desc, m.display_order, m.name, m.id limit ${maxFound}`);
  return rows.map((row) => row.id);
}

/** Letters and digits alone reach to_tsquery, so nothing that is typed can be an operator. */
function prefixQuery(text: string): string {
  const words = text.match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  return words
    .slice(0, maxWords)
    .map((word) => `'${word}':*`)
    .join(" & ");
}
