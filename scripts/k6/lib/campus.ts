export interface DemoStudent {
  readonly id: string;
  readonly phone: string;
  readonly card_uid: string;
}

export interface DemoCafe {
  readonly id: string;
  readonly name: string;
  readonly items: readonly { readonly id: string; readonly price_minor: number }[];
}

interface DemoStaff {
  readonly username: string;
  readonly password: string;
  readonly role: string;
}

interface StartFile {
  readonly base_url: string;
  readonly processes: readonly { readonly url: string }[];
  readonly students: readonly DemoStudent[];
  readonly staff: readonly DemoStaff[];
  readonly devices: readonly { readonly id: string; readonly key: string; readonly cafe_id: string }[];
  readonly cafes: readonly DemoCafe[];
}

const file = __ENV.START_FILE;
if (!file)
  throw new Error("START_FILE is not set: give the start.json of a running `npm start` (k6 run -e START_FILE=$PWD/.campus/start.json …).");

/** The running system and its demo campus. */
export const campus = JSON.parse(open(file)) as StartFile;

export const api = `${campus.base_url}/api/v1`;

export function studentAt(index: number): DemoStudent {
  return present(campus.students[index % campus.students.length], "student");
}

export function cafeAt(index: number): DemoCafe {
  return present(campus.cafes[index % campus.cafes.length], "café");
}

/** The cheapest dish, so that no wallet runs dry before its time. */
export function cheapestItem(cafe: DemoCafe): { readonly id: string; readonly price_minor: number } {
  return present([...cafe.items].sort((one, other) => one.price_minor - other.price_minor)[0], `dish of ${cafe.name}`);
}

/** What the till of this café says about itself. */
export function tillOf(cafe: DemoCafe): string {
  const { id, key } = present(
    campus.devices.find((device) => device.cafe_id === cafe.id),
    `till of ${cafe.name}`,
  );
  return `Device ${id}.${key}`;
}

export const staffWithRole = (role: string): readonly DemoStaff[] => campus.staff.filter((member) => member.role === role);

export function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`The demo campus has no ${what}: is ${file} of a system that \`npm start\` brought up?`);
  return value;
}
