import { type DragEvent, useState } from "react";
import { ShieldIcon } from "../../../shared/ui/icons.tsx";
import { useWords } from "../../words/words.ts";
import { VerdictOf } from "./receipts-page.tsx";

/** Anybody's door: a receipt goes in, true or false comes out, and nothing leaves the page. */
export function VerifyPage() {
  const w = useWords();
  const [text, setText] = useState("");
  const [jws, setJws] = useState<string>();
  const take = (given: string) => {
    const found = findReceipt(given);
    setText(found);
    setJws(found);
  };
  const drop = async (event: DragEvent) => {
    event.preventDefault();
    const [file] = event.dataTransfer.files;
    take(file ? await file.text() : event.dataTransfer.getData("text"));
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the field and the file chooser do the same by keyboard.
    <div className="narrow stack" onDragOver={(event) => event.preventDefault()} onDrop={(event) => void drop(event)}>
      <span className="empty-icon">
        <ShieldIcon size={36} />
      </span>
      <h1>{w.receipts.verify}</h1>
      <p className="soft">{w.receipts.verifyWhat}</p>
      <label className="field">
        <span>{w.receipts.paste}</span>
        <textarea className="input" rows={4} spellCheck={false} value={text} onChange={({ target }) => setText(target.value)} />
      </label>
      <div className="row">
        <button type="button" className="button" disabled={text.trim() === ""} onClick={() => take(text)}>
          {w.receipts.check}
        </button>
        <label className="button button-second">
          {w.receipts.drop}
          <input type="file" className="sr-only" onChange={async ({ target }) => target.files?.[0] && take(await target.files[0].text())} />
        </label>
      </div>
      {jws !== undefined && <VerdictOf key={jws} jws={jws} />}
    </div>
  );
}

/** The signed text itself, also where it stands in a stored receipt's JSON or amid an e-mail. */
const findReceipt = (text: string): string => /[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}/.exec(text)?.[0] ?? text.trim();
