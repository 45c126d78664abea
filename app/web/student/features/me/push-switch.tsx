import { Switch } from "@mantine/core";
import { ErrorNote } from "../../shell.tsx";
import { useTurnPushes } from "../../use-turn-pushes.ts";
import { useWords } from "../../words/words.ts";

/** Whether this phone rings; what it rings for is chosen below it. Not there where it cannot. */
export function PushSwitch() {
  const w = useWords();
  const { pushes, turn } = useTurnPushes();
  if (pushes === "impossible") return null;
  return (
    <>
      <Switch
        size="lg"
        label={w.me.notifyHere}
        checked={pushes === "on"}
        disabled={pushes === "blocked" || turn.isPending}
        onChange={({ currentTarget }) => turn.mutate(currentTarget.checked)}
      />
      {pushes === "blocked" && <p className="soft small">{w.me.notifyBlocked}</p>}
      <ErrorNote error={turn.error} />
    </>
  );
}
