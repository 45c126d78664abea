import { CodedError } from "../platform/errors.ts";
import { violatedConstraint } from "../platform/postgres.ts";

const uniqueNames: Readonly<Record<string, string>> = {
  categories_cafe_id_name_key: "This café has a category of that name.",
  menu_option_groups_item_id_name_key: "This item has a group of options of that name.",
  menu_option_choices_group_id_name_key: "This group of options has a choice of that name.",
};

/** Turns a write that ran into a name that is taken into a refusal that says so. */
export async function refuseTakenName<T>(write: Promise<T>): Promise<T> {
  try {
    return await write;
  } catch (error) {
    const problem = uniqueNames[violatedConstraint(error) ?? ""];
    throw problem === undefined ? error : new CodedError("CONFLICT", problem, { cause: error });
  }
}
