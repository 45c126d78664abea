import { unwrap } from "../../../shared/api/request.ts";
import { studentsApi } from "../../api.ts";

/** Who has exactly this phone, student number, card or id: nobody, one, or the few whom these call the same. */
export const askWho = async (said: string) => (await unwrap(studentsApi.admin["student-search"].$get({ query: { said } }))).items;

export type FoundStudent = Awaited<ReturnType<typeof askWho>>[number];
