import type { AnyRouter } from "@tanstack/react-router";
import { listenAsStudent } from "../shared/live/student-socket.ts";
import { queryClient } from "./queries.ts";

const refresh = (...queryKey: string[]) => void queryClient.invalidateQueries({ queryKey: ["mine", ...queryKey] });

/** What arrives changes what is shown; a card that was read opens the question, wherever the student is. */
export function followLive(router: AnyRouter): void {
  listenAsStudent(({ event, data }) => {
    const { charge_id: chargeId } = data;
    if (event === "heartbeat") return;
    if (event === "resync") return refresh();
    if (event === "charge_opened" && typeof chargeId === "string") {
      refresh("charges");
      void router.navigate({ to: "/pay/$chargeId", params: { chargeId } });
      return;
    }
    if (event === "charge_ended" || event === "charge_prolonged") refresh("charges");
    refresh("orders");
    if (["charge_ended", "order_paid", "refunded", "topped_up"].includes(event)) {
      refresh("wallet");
      refresh("statement");
    }
  });
  navigator.serviceWorker?.addEventListener("message", ({ data }) => {
    if (typeof data?.open === "string" && data.open.startsWith("/")) void router.navigate({ to: data.open });
  });
  window.addEventListener("pageshow", ({ persisted }) => persisted && refresh());
}
