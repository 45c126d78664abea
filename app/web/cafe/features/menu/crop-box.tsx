import { type PointerEvent, type Ref, useEffect, useImperativeHandle, useRef, useState } from "react";
import { useWords } from "../../words/words.ts";

interface CropBoxProps {
  readonly ref: Ref<HTMLCanvasElement>;
  readonly picture: ImageBitmap;
  readonly width: number;
  readonly height: number;
}

const mostZoom = 4;
const clamp = (value: number, least: number, most: number) => Math.min(most, Math.max(least, value));

/** The part of a picture that is kept: moved by a finger, a mouse or the arrow keys, made larger by the slider. */
export function CropBox({ ref, picture, width, height }: CropBoxProps) {
  const w = useWords();
  const canvas = useRef<HTMLCanvasElement>(null);
  useImperativeHandle(ref, () => canvas.current as HTMLCanvasElement);
  const [zoom, setZoom] = useState(1);
  // The middle of what is kept, as parts of the picture.
  const [middle, setMiddle] = useState({ x: 0.5, y: 0.5 });
  const fit = Math.max(width / picture.width, height / picture.height) * zoom;
  const [keptX, keptY] = [width / fit / picture.width, height / fit / picture.height];
  const at = { x: clamp(middle.x, keptX / 2, 1 - keptX / 2), y: clamp(middle.y, keptY / 2, 1 - keptY / 2) };
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    context.clearRect(0, 0, width, height);
    context.drawImage(
      picture,
      (at.x - keptX / 2) * picture.width,
      (at.y - keptY / 2) * picture.height,
      keptX * picture.width,
      keptY * picture.height,
      0,
      0,
      width,
      height,
    );
  }, [picture, at.x, at.y, keptX, keptY, width, height]);
  const move = (x: number, y: number) => setMiddle({ x: at.x - x * keptX, y: at.y - y * keptY });
  const onPointerMove = (event: PointerEvent<HTMLCanvasElement>) => {
    if (event.buttons !== 1) return;
    const { clientWidth, clientHeight } = event.currentTarget;
    move(event.movementX / clientWidth, event.movementY / clientHeight);
  };
  const arrows: Readonly<Record<string, readonly [number, number]>> = {
    ArrowLeft: [0.05, 0],
    ArrowRight: [-0.05, 0],
    ArrowUp: [0, 0.05],
    ArrowDown: [0, -0.05],
  };
  return (
    <div className="stack">
      <canvas
        ref={canvas}
        width={width}
        height={height}
        className="crop"
        tabIndex={0}
        role="img"
        aria-label={w.menu.cropHint}
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={onPointerMove}
        onKeyDown={(event) => {
          const step = arrows[event.key];
          if (!step) return;
          event.preventDefault();
          move(...step);
        }}
      />
      <label className="field">
        <span>{w.menu.zoom}</span>
        <input
          type="range"
          min={1}
          max={mostZoom}
          step={0.05}
          value={zoom}
          className="slider"
          onChange={({ target }) => setZoom(Number(target.value))}
        />
      </label>
      <p className="soft small">{w.menu.cropHint}</p>
    </div>
  );
}
