import { unwrap } from "../../../shared/api/request.ts";
import {
  adjustmentsApi,
  bankApi,
  boardApi,
  cafeApi,
  closeOutsApi,
  debtsApi,
  disputesApi,
  failoverApi,
  grantsApi,
  refundProposalsApi,
} from "../../api.ts";
import { allCafesQuery } from "../../cafe-choice.tsx";
import { live, queryClient } from "../../queries.ts";

const ask = {
  adjustments: () => unwrap(adjustmentsApi.admin.adjustments.$get({ query: { status: "pending", limit: 100 } })),
  writeOffs: () => unwrap(debtsApi.admin["debt-write-offs"].$get({ query: { status: "pending", limit: 100 } })),
  closeOuts: () => unwrap(closeOutsApi.admin["close-outs"].$get({ query: { limit: 100 } })),
  bulkCredits: () => unwrap(grantsApi.admin["bulk-credits"].$get({ query: { status: "pending", limit: 100 } })),
  accounts: async () => {
    const [accounts, cafes] = await Promise.all([
      unwrap(bankApi.admin["cafe-bank-accounts"].$get({ query: { status: "pending", limit: 100 } })),
      queryClient.fetchQuery(allCafesQuery),
    ]);
    const nameOf = (cafeId: string) => cafes.items.find(({ id }) => id === cafeId)?.name ?? cafeId;
    return { items: accounts.items.map((account) => ({ ...account, cafeName: nameOf(account.cafe_id) })) };
  },
  refunds: () => unwrap(refundProposalsApi.admin["refund-proposals"].$get({ query: { status: "pending", limit: 100 } })),
  cafes: () => unwrap(cafeApi.admin.cafes.$get({ query: { waits: "true", limit: 100 } })),
  unfinished: () => unwrap(boardApi.admin["unfinished-orders"].$get({ query: { limit: 100 } })),
  disputes: () => unwrap(disputesApi.admin.disputes.$get({ query: { status: "open", limit: 100 } })),
  lost: () => unwrap(failoverApi.admin.failover.cases.$get({ query: { limit: 100 } })),
  cameBack: () => unwrap(bankApi.admin["bank-entries"].$get({ query: { state: "to_return", limit: 100 } })),
};
export type WaitingCafe = Awaited<ReturnType<typeof ask.cafes>>["items"][number];
export type CloseOut = Awaited<ReturnType<typeof ask.closeOuts>>["items"][number];
export type Unfinished = Awaited<ReturnType<typeof ask.unfinished>>["items"][number];
export type CameBack = Awaited<ReturnType<typeof ask.cameBack>>["items"][number];

async function readWaiting(role: string) {
  const [adjustments, writeOffs, closeOuts, bulkCredits, disputes, lost, accounts, refunds, cafes, cameBack, unfinished] =
    await Promise.all([
      ask.adjustments(),
      ask.writeOffs(),
      ask.closeOuts(),
      ask.bulkCredits(),
      ask.disputes(),
      ask.lost(),
      role === "finance" ? ask.accounts() : { items: [] },
      role === "finance" ? ask.refunds() : { items: [] },
      role === "admin" ? ask.cafes() : { items: [] },
      role === "finance" ? ask.cameBack() : { items: [] },
      role === "finance" ? ask.unfinished() : { items: [] },
    ]);
  return {
    adjustments: adjustments.items,
    writeOffs: writeOffs.items,
    closeOuts: closeOuts.items.filter(({ status }) => status === "pending" || status === "agreed"),
    bulkCredits: bulkCredits.items,
    disputes: disputes.items.filter(({ accept_asked_by }) => accept_asked_by !== null),
    lost: lost.items.filter(({ status, dismiss_asked_by }) => (status === "open" || status === "agreed") && dismiss_asked_by !== null),
    accounts: accounts.items,
    refunds: refunds.items,
    cafes: cafes.items,
    cameBack: cameBack.items.filter(({ return_asked_by }) => return_asked_by !== null),
    unfinished: unfinished.items,
  };
}

export const waitingKey = ["approve"];

/** All that waits for a second person and that this role may decide. */
export const waitingQuery = (role: string) => ({ queryKey: [...waitingKey, role], queryFn: () => readWaiting(role), ...live });
