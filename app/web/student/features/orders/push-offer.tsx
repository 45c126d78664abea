import { ErrorNote } from "../../shell.tsx";
import { useTurnPushes } from "../../use-turn-pushes.ts";
import { useWords } from "../../words/words.ts";

/** Asked behind the first payment, when it is plain what it would ring for, and never again once it was answered. */
export function PushOffer() {
  const w = useWords();
  const { pushes, turn } = useTurnPushes();
  if (pushes !== "off" || Notification.permission !== "default") return null;
  return (
    <>
      <button type="button" className="button button-second" disabled={turn.isPending} onClick={() => turn.mutate(true)}>
        {w.orders.tellMe}
      </button>
      <ErrorNote error={turn.error} />
    </>
  );
}
