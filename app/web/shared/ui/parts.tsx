import { type ReactNode, useEffect, useRef } from "react";
import { CrossIcon, MinusIcon, PlusIcon } from "./icons.tsx";

interface SheetProps {
  readonly title: string;
  readonly closeLabel: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** A panel over the page: the browser's own dialog, so that focus, Escape and Back behave as people know them. */
export function Sheet({ title, closeLabel, onClose, children }: SheetProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself.
    <dialog
      ref={dialog}
      className="sheet"
      aria-label={title}
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && dialog.current?.close()}
    >
      <div className="sheet-body">
        <button type="button" className="round sheet-close" aria-label={closeLabel} onClick={() => dialog.current?.close()}>
          <CrossIcon size={20} />
        </button>
        {children}
      </div>
    </dialog>
  );
}

interface StateProps {
  readonly title: string;
  readonly what?: ReactNode;
  readonly icon?: ReactNode;
  /** It is all that the page says: then its title is the page's heading. */
  readonly isPage?: boolean;
  readonly children?: ReactNode;
}

/** A page that has nothing to show: what is so, why, and one thing to do. */
export const EmptyState = ({ title, what, icon, isPage = false, children }: StateProps) => (
  <div className="empty">
    {icon && <div className="empty-icon">{icon}</div>}
    {isPage ? <h1>{title}</h1> : <h2>{title}</h2>}
    {what && <p>{what}</p>}
    {children}
  </div>
);

export const Notice = ({
  tone,
  title,
  children,
}: {
  readonly tone: "tell" | "wait" | "no" | "act";
  readonly title: ReactNode;
  readonly children?: ReactNode;
}) => (
  <div className={`notice notice-${tone}`} role={tone === "no" ? "alert" : undefined}>
    <strong>{title}</strong>
    {children && <div>{children}</div>}
  </div>
);

interface StepperProps {
  readonly value: number;
  readonly label: string;
  readonly fewer: string;
  readonly more: string;
  readonly least?: number;
  readonly onChange: (value: number) => void;
}

export const Stepper = ({ value, label, fewer, more, least = 1, onChange }: StepperProps) => (
  <fieldset className="stepper">
    <legend className="sr-only">{label}</legend>
    <button type="button" className="round" aria-label={fewer} disabled={value <= least} onClick={() => onChange(value - 1)}>
      <MinusIcon size={20} />
    </button>
    <output>{value}</output>
    <button type="button" className="round" aria-label={more} disabled={value >= 20} onClick={() => onChange(value + 1)}>
      <PlusIcon size={20} />
    </button>
  </fieldset>
);

interface Pictured {
  readonly small: string;
  readonly medium: string;
  readonly large: string;
}

/** A dish's picture in the size that is needed; dimensions are set, so nothing jumps. */
export const Photo = ({
  image,
  size,
  eager = false,
}: {
  readonly image: Pictured | null | undefined;
  readonly size: "row" | "wide";
  readonly eager?: boolean;
}) => (
  <div className={`photo photo-${size}`}>
    {image && (
      <img
        src={size === "row" ? image.small : image.medium}
        alt=""
        width={size === "row" ? 112 : 640}
        height={size === "row" ? 112 : 400}
        loading={eager ? "eager" : "lazy"}
        decoding="async"
      />
    )}
  </div>
);

export const Bones = ({ count, height }: { readonly count: number; readonly height: number }) => (
  <div className="bones" aria-hidden="true">
    {Array.from({ length: count }, (_, index) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: bones have no identity.
      <div key={index} className="bone" style={{ height }} />
    ))}
  </div>
);
