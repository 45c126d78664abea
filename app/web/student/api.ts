import {
  cafeClient,
  cardClient,
  chargeClient,
  closeOutClient,
  giftClient,
  grantClient,
  menuClient,
  orderClient,
  paymentClient,
  profileClient,
  stepUpClient,
  topUpClient,
  walletClient,
} from "../shared/api/clients.ts";
import { plainFetch } from "../shared/api/request.ts";
import { studentFetch } from "../shared/session/student.ts";

export const cafesApi = cafeClient(plainFetch);
export const menuApi = menuClient(plainFetch);
export const giftsApi = giftClient(plainFetch);
export const ownGiftsApi = giftClient(studentFetch);
export const ordersApi = orderClient(studentFetch);
export const slotsApi = orderClient(plainFetch);
export const chargesApi = chargeClient(studentFetch);
export const cardsApi = cardClient(studentFetch);
export const walletApi = walletClient(studentFetch);
export const topUpsApi = topUpClient(studentFetch);
export const paymentsApi = paymentClient(studentFetch);
export const closeOutApi = closeOutClient(studentFetch);
export const ownGrantsApi = grantClient(studentFetch);
export const profileApi = profileClient(studentFetch);
export const stepUpApi = stepUpClient(studentFetch);
