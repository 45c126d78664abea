let context: AudioContext | undefined;

/** To be called in a tap: browsers let no page make a sound by itself. */
export function unlockChime(): void {
  context ??= new AudioContext();
  void context.resume();
}

export const canChime = (): boolean => context?.state === "running";

document.addEventListener("visibilitychange", () => void context?.resume());

const notes = [880, 1175] as const;
const noteSeconds = 0.18;

export function chime(): void {
  if (context?.state !== "running") return;
  for (const [index, frequency] of notes.entries()) {
    const at = context.currentTime + index * noteSeconds;
    const oscillator = new OscillatorNode(context, { frequency, type: "sine" });
    const volume = new GainNode(context, { gain: 0 });
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(0.3, at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, at + noteSeconds * 2.5);
    oscillator.connect(volume).connect(context.destination);
    oscillator.start(at);
    oscillator.stop(at + noteSeconds * 3);
  }
}
