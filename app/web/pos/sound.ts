import { currentLanguage } from "../shared/words/language.ts";

let context: AudioContext | undefined;

/** To be called in a tap: browsers let no page make a sound by itself. */
export function unlockSound(): void {
  context ??= new AudioContext();
  void context.resume();
}

document.addEventListener("visibilitychange", () => void context?.resume());

const tunes = { waiting: [660], paid: [523, 784, 1047], no: [330, 247], notSent: [247, 247, 247] } as const;
const noteSeconds = 0.13;

export function play(tune: keyof typeof tunes): void {
  if (context?.state !== "running") return;
  tunes[tune].forEach((frequency, index) => {
    if (!context) return;
    const at = context.currentTime + index * noteSeconds;
    const oscillator = new OscillatorNode(context, { frequency, type: "triangle" });
    const volume = new GainNode(context, { gain: 0 });
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(0.25, at + 0.015);
    volume.gain.exponentialRampToValueAtTime(0.001, at + noteSeconds * 1.6);
    oscillator.connect(volume).connect(context.destination);
    oscillator.start(at);
    oscillator.stop(at + noteSeconds * 2);
  });
}

const voices = { sv: "sv-SE", it: "it-IT", en: "en-GB" } as const;

/** One digit after the other: "forty-two" is misheard at a noisy counter. */
export function speak(text: string): void {
  if (!("speechSynthesis" in globalThis)) return;
  speechSynthesis.cancel();
  const utterance = new SpeechSynthesisUtterance(text);
  utterance.lang = voices[currentLanguage()];
  utterance.rate = 0.85;
  speechSynthesis.speak(utterance);
}
