import {
  adjustmentClient,
  adminShiftClient,
  auditClient,
  bankClient,
  boardClient,
  booksClient,
  cafeClient,
  cardClient,
  categoryClient,
  checkClient,
  closeOutClient,
  customerClient,
  debtClient,
  deliveryClient,
  deviceClient,
  disputeClient,
  factorClient,
  failoverClient,
  grantClient,
  imageClient,
  importClient,
  itemClient,
  journalClient,
  menuClient,
  noteClient,
  opsClient,
  ownCafeClient,
  passkeyClient,
  publishedClient,
  reconciliationClient,
  refundCaseClient,
  refundClient,
  refundProposalClient,
  reportClient,
  sessionClient,
  settingClient,
  settlementClient,
  staffClient,
  staffRequestClient,
  stockClient,
  studentCardClient,
  studentClient,
  tableClient,
  transactionClient,
  webhookClient,
} from "../shared/api/clients.ts";
import { plainFetch } from "../shared/api/request.ts";
import { staffFetch, staffSession } from "../shared/session/staff.ts";

export const registrationApi = cafeClient(plainFetch);
export const ownFactorsApi = factorClient(plainFetch);
export const factorsApi = factorClient(staffFetch);
export const passkeysApi = passkeyClient(staffFetch);
export const sessionsApi = sessionClient(staffFetch);
export const passwordApi = staffClient(plainFetch);
export const publicMenuApi = menuClient(plainFetch);
export const boardApi = boardClient(staffFetch);
export const deliveryApi = deliveryClient(staffFetch);
export const cafeApi = ownCafeClient(staffFetch);
export const tablesApi = tableClient(staffFetch);
export const itemsApi = itemClient(staffFetch);
export const categoriesApi = categoryClient(staffFetch);
export const stockApi = stockClient(staffFetch);
export const imagesApi = imageClient(staffFetch);
export const customersApi = customerClient(staffFetch);
export const transactionsApi = transactionClient(staffFetch);
export const notesApi = noteClient(staffFetch);
export const refundsApi = refundClient(staffFetch);
export const refundProposalsApi = refundProposalClient(staffFetch);
export const reportsApi = reportClient(staffFetch);
export const publishedApi = publishedClient(staffFetch);
export const shiftsApi = adminShiftClient(staffFetch);
export const settlementsApi = settlementClient(staffFetch);
export const staffApi = staffClient(staffFetch);
export const staffRequestsApi = staffRequestClient(staffFetch);
export const devicesApi = deviceClient(staffFetch);
export const webhooksApi = webhookClient(staffFetch);
export const settingsApi = settingClient(staffFetch);
export const studentsApi = studentClient(staffFetch);
export const cardsApi = cardClient(staffFetch);
export const studentCardsApi = studentCardClient(staffFetch);
export const importsApi = importClient(staffFetch);
export const adjustmentsApi = adjustmentClient(staffFetch);
export const bankApi = bankClient(staffFetch);
export const grantsApi = grantClient(staffFetch);
export const debtsApi = debtClient(staffFetch);
export const closeOutsApi = closeOutClient(staffFetch);
export const disputesApi = disputeClient(staffFetch);
export const refundCasesApi = refundCaseClient(staffFetch);
export const checksApi = checkClient(staffFetch);
export const opsApi = opsClient(staffFetch);
export const reconciliationApi = reconciliationClient(staffFetch);
export const failoverApi = failoverClient(staffFetch);
export const booksApi = booksClient(staffFetch);
export const journalApi = journalClient(staffFetch);
export const auditApi = auditClient(staffFetch);

let chosenCafe: string | undefined;

/** The café that the university's staff look at; a café's own staff have theirs in the session. */
export const chooseCafe = (cafeId: string | undefined): void => {
  chosenCafe = cafeId;
};

/** What a request adds to name the café: nothing where the session has one. */
export function inCafe(): { cafe_id?: string } {
  const session = staffSession();
  return session.kind === "in" && session.user.cafe_id === null && chosenCafe !== undefined ? { cafe_id: chosenCafe } : {};
}

/** One key for one intent: the same tap sent again is the same request. */
export const intent = () => ({ headers: { "Idempotency-Key": crypto.randomUUID() } });
