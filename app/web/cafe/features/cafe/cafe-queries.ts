import { unwrap } from "../../../shared/api/request.ts";
import { cafeApi, inCafe } from "../../api.ts";

export const ownCafeKey = ["cafe", "own"];
export const ownCafeQuery = { queryKey: ownCafeKey, queryFn: () => unwrap(cafeApi.admin.cafe.$get({ query: inCafe() })) };
export type OwnCafe = Awaited<ReturnType<typeof ownCafeQuery.queryFn>>;

type Change = Parameters<typeof cafeApi.admin.cafe.$patch>[0]["json"];
export const changeCafe = (json: Change) => unwrap(cafeApi.admin.cafe.$patch({ query: inCafe(), json }));
