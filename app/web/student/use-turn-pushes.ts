import { useMutation, useQuery } from "@tanstack/react-query";
import { browserPushesQuery, turnOffPushes, turnOnPushes, usePushes } from "./push.ts";

/** "impossible" also where the campus sends none to browsers. */
export function useTurnPushes() {
  const pushes = usePushes();
  const offered = useQuery({ ...browserPushesQuery, enabled: pushes !== "impossible" });
  const turn = useMutation({ mutationFn: (isOn: boolean) => (isOn ? turnOnPushes() : turnOffPushes()) });
  return { pushes: offered.data?.web_app ? pushes : "impossible", turn } as const;
}
