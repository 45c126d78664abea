import { cafeClient, menuClient, saleClient, scanClient, shiftClient, tillClient } from "../shared/api/clients.ts";
import { type Fetch, plainFetch } from "../shared/api/request.ts";

/** What the owner got once, at the enrolment. It stands on a machine that serves no student. */
export interface DeviceKey {
  readonly id: string;
  readonly key: string;
}

const storageKey = "campus.pos.device";

export function readDevice(): DeviceKey | undefined {
  try {
    return JSON.parse(localStorage.getItem(storageKey) ?? "null") ?? undefined;
  } catch {
    return undefined;
  }
}

export const saveDevice = (device: DeviceKey): void => localStorage.setItem(storageKey, JSON.stringify(device));
export const forgetDevice = (): void => localStorage.removeItem(storageKey);

export const deviceFetch: Fetch = (input, init) => {
  const headers = new Headers(init?.headers);
  const device = readDevice();
  if (device) headers.set("Authorization", `Device ${device.id}.${device.key}`);
  return plainFetch(input, { ...init, headers });
};

export const tillApi = tillClient(deviceFetch);
export const scanApi = scanClient(deviceFetch);
export const saleApi = saleClient(deviceFetch);
export const shiftApi = shiftClient(deviceFetch);
export const menuApi = menuClient(plainFetch);
export const cafeApi = cafeClient(plainFetch);
