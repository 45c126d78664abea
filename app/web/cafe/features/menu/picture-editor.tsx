import { useMutation } from "@tanstack/react-query";
import { type ChangeEvent, useEffect, useRef, useState } from "react";
import { ApiError, unwrap } from "../../../shared/api/request.ts";
import { Photo, Sheet } from "../../../shared/ui/parts.tsx";
import { imagesApi, inCafe } from "../../api.ts";
import { refresh } from "../../queries.ts";
import { ErrorNote } from "../../ui/parts.tsx";
import { useOwnerWords } from "../../words/owner.ts";
import { useWords } from "../../words/words.ts";
import { CropBox } from "./crop-box.tsx";
import type { Item } from "./menu-queries.ts";

const width = 1280;
const height = 800;

/** A dish's picture: chosen, cut to the shape that menus show, and sent with its progress. */
export function PictureEditor({ itemId, image }: { readonly itemId: string; readonly image: Item["image"] }) {
  const w = useWords();
  const o = useOwnerWords();
  const [picture, setPicture] = useState<ImageBitmap>();
  const [isUnreadable, setIsUnreadable] = useState(false);
  const choose = async ({ target }: ChangeEvent<HTMLInputElement>) => {
    const [file] = target.files ?? [];
    target.value = "";
    if (!file) return;
    setIsUnreadable(false);
    await createImageBitmap(file).then(setPicture, () => setIsUnreadable(true));
  };
  return (
    <section className="card stack">
      <h2>{w.menu.picture}</h2>
      {image ? <Photo image={image} size="wide" eager /> : <p className="soft">{w.menu.pictureNone}</p>}
      <label className="button button-second file-button">
        {image ? w.menu.pictureOther : w.menu.pictureAdd}
        <input
          type="file"
          className="sr-only"
          accept="image/jpeg,image/png,image/webp"
          aria-describedby="picture-kinds"
          onChange={(event) => void choose(event)}
        />
      </label>
      <small id="picture-kinds" className="soft">
        {o.menu.pictureKinds(width, height)}
      </small>
      {isUnreadable && <ErrorNote error={new ApiError("UNSUPPORTED_MEDIA_TYPE", "")} />}
      {picture && <CropSheet itemId={itemId} picture={picture} onClose={() => setPicture(undefined)} />}
    </section>
  );
}

interface CropSheetProps {
  readonly itemId: string;
  readonly picture: ImageBitmap;
  readonly onClose: () => void;
}

function CropSheet({ itemId, picture, onClose }: CropSheetProps) {
  const w = useWords();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [sent, setSent] = useState(0);
  useEffect(() => () => picture.close(), [picture]);
  const upload = useMutation({
    mutationFn: async () => {
      const blob = await new Promise<Blob | null>((resolve) => canvas.current?.toBlob(resolve, "image/jpeg", 0.88));
      if (!blob) throw new ApiError("UNSUPPORTED_MEDIA_TYPE", "The picture could not be read.");
      const { upload_id, upload_url, headers } = await unwrap(
        imagesApi.admin.menu.items[":itemId"].image.$post({
          param: { itemId },
          query: inCafe(),
          json: { content_type: "image/jpeg", size_bytes: blob.size },
        }),
      );
      await put(upload_url, headers, blob, setSent);
      await unwrap(imagesApi.admin.menu.items[":itemId"].image.complete.$post({ param: { itemId }, query: inCafe(), json: { upload_id } }));
    },
    onSuccess: () => {
      void refresh("cafe");
      onClose();
    },
  });
  return (
    <Sheet title={w.menu.crop} closeLabel={w.app.close} onClose={onClose}>
      <h2 className="sheet-title">{w.menu.crop}</h2>
      <CropBox ref={canvas} picture={picture} width={width} height={height} />
      {upload.isPending && <progress className="progress" max={1} value={sent} aria-label={w.menu.sending} />}
      <ErrorNote error={upload.error} />
      <button type="button" className="button" disabled={upload.isPending} onClick={() => upload.mutate()}>
        {upload.isPending ? w.menu.sending : w.menu.pictureUse}
      </button>
    </Sheet>
  );
}

/** fetch tells nothing of a body on its way; this does. */
function put(address: string, headers: Readonly<Record<string, string>>, blob: Blob, onProgress: (part: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", address);
    for (const [name, value] of Object.entries(headers)) if (name.toLowerCase() !== "content-length") request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
    request.onload = () =>
      request.status < 300
        ? resolve()
        : reject(new ApiError(request.status === 413 ? "PAYLOAD_TOO_LARGE" : "UNSUPPORTED_MEDIA_TYPE", request.responseText.slice(0, 200)));
    request.onerror = () => reject(new ApiError("UNREACHABLE", "The picture could not be sent."));
    request.send(blob);
  });
}
