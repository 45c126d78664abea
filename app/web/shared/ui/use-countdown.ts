import { useEffect, useState } from "react";

/** Seconds left of what the server said, counted on the clock that no setting and no sleep moves. */
export function useCountdown(secondsLeft: number, since: number): number {
  const left = () => Math.max(0, Math.ceil(secondsLeft - (performance.now() - since) / 1000));
  const [shown, setShown] = useState(left);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `left` reads the two values below.
  useEffect(() => {
    const tick = () => setShown(left());
    tick();
    const timer = setInterval(tick, 250);
    document.addEventListener("visibilitychange", tick);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", tick);
    };
  }, [secondsLeft, since]);
  return shown;
}
