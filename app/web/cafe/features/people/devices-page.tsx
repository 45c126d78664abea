import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { unwrap } from "../../../shared/api/request.ts";
import { Sheet } from "../../../shared/ui/parts.tsx";
import { devicesApi, inCafe } from "../../api.ts";
import { refresh, useList } from "../../queries.ts";
import { useDates } from "../../ui/dates.ts";
import { FormSheet } from "../../ui/form.tsx";
import { Chip, CopyButton, ErrorNote, ListView, Page, Sure } from "../../ui/parts.tsx";
import { useWords } from "../../words/words.ts";

const key = ["cafe", "devices"];
const ask = (page: { readonly cursor?: string }) => unwrap(devicesApi.admin.devices.$get({ query: { limit: 50, ...page, ...inCafe() } }));
type Device = Awaited<ReturnType<typeof ask>>["items"][number];

interface Enrolled {
  readonly id: string;
  readonly key: string;
  readonly name: string;
}

/** The tills of a café. A key is shown once, and made anew in one tap when a till is lost. */
export function DevicesPage() {
  const w = useWords();
  const { dayAndTime } = useDates();
  const devices = useList<Device>(key, ask);
  const [isAdding, setIsAdding] = useState(false);
  const [enrolled, setEnrolled] = useState<Enrolled>();
  const show = (device: Enrolled) => {
    setIsAdding(false);
    setEnrolled(device);
    void refresh(...key);
  };
  const rotate = useMutation({
    mutationFn: (deviceId: string) =>
      unwrap(devicesApi.admin.devices[":deviceId"]["rotate-key"].$post({ param: { deviceId }, query: inCafe() })),
    onSuccess: show,
  });
  const revoke = useMutation({
    mutationFn: (deviceId: string) => unwrap(devicesApi.admin.devices[":deviceId"].$delete({ param: { deviceId }, query: inCafe() })),
    onSettled: () => refresh(...key),
  });
  const add = (
    <button type="button" className="button button-small" onClick={() => setIsAdding(true)}>
      {w.devices.add}
    </button>
  );
  return (
    <Page title={w.nav.devices} what={w.devices.what} actions={add}>
      <ErrorNote error={rotate.error ?? revoke.error} />
      <ListView
        list={devices}
        caption={w.nav.devices}
        keyOf={({ id }) => id}
        empty={{ title: w.devices.none, what: w.devices.noneWhat, action: add }}
        columns={[
          { label: w.app.name, cell: ({ name }) => <strong>{name}</strong> },
          {
            label: w.app.status,
            cell: ({ revoked_at }) =>
              revoked_at ? <Chip tone="no">{w.devices.revoked}</Chip> : <Chip tone="act">{w.devices.enrolled}</Chip>,
          },
          { label: w.devices.keySince, cell: ({ rotated_at, created_at }) => dayAndTime(rotated_at ?? created_at) },
        ]}
        actions={({ id, revoked_at }) =>
          revoked_at ? null : (
            <>
              <Sure label={w.devices.rotate} sure={w.devices.rotateSure} onSure={() => rotate.mutate(id)} />
              <Sure label={w.devices.revoke} sure={w.devices.revokeSure} onSure={() => revoke.mutate(id)} />
            </>
          )
        }
      />
      {isAdding && (
        <FormSheet
          title={w.devices.add}
          fields={[{ name: "name", label: w.app.name, hint: w.devices.nameHint, most: 50 }]}
          submit={w.devices.enrol}
          onSubmit={async ({ name = "" }) => show(await unwrap(devicesApi.admin.devices.$post({ query: inCafe(), json: { name } })))}
          onDone={() => undefined}
          onClose={() => setIsAdding(false)}
        />
      )}
      {enrolled && <KeySheet device={enrolled} onClose={() => setEnrolled(undefined)} />}
    </Page>
  );
}

function KeySheet({ device, onClose }: { readonly device: Enrolled; readonly onClose: () => void }) {
  const w = useWords();
  const here = () => {
    localStorage.setItem("campus.pos.device", JSON.stringify({ id: device.id, key: device.key }));
    location.assign("/pos/");
  };
  return (
    <Sheet title={device.name} closeLabel={w.app.close} onClose={onClose}>
      <h2 className="sheet-title">{device.name}</h2>
      <p>{w.devices.keyWhat}</p>
      <dl className="pairs">
        <dt>{w.devices.id}</dt>
        <dd>
          <code className="secret">{device.id}</code>
        </dd>
        <dt>{w.devices.key}</dt>
        <dd>
          <code className="secret">{device.key}</code>
        </dd>
      </dl>
      <div className="sheet-actions">
        <CopyButton text={`${device.id}\n${device.key}`} label={w.devices.copyBoth} />
        <button type="button" className="button" onClick={here}>
          {w.devices.here}
        </button>
      </div>
      <p className="soft small">{w.devices.hereWhat}</p>
    </Sheet>
  );
}
