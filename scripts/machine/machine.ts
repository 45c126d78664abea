import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const run = promisify(execFile);

const cloudConfig = `datasource_list: [NoCloud]
users: []
cloud_init_modules: [seed_random, update_hostname]
cloud_config_modules: []
cloud_final_modules: [scripts-user]
network: {config: disabled}
`;

export interface MachineOptions {
  readonly base: string;
  readonly folder: string;
  readonly name: string;
  readonly bridge: string;
  readonly address: string;
  readonly gateway: string;
  /** How many bits of the address name its network. */
  readonly prefix?: number;
  /** Absent: the machine is given nothing to run at its first boot. */
  readonly userData?: string;
  readonly hosts: Readonly<Record<string, string>>;
  /** Files by their place in the machine. */
  readonly files: Readonly<Record<string, string>>;
  readonly authority: string;
  /** A Debian as it is installed by hand, without cloud-init and nginx. */
  readonly isBare?: boolean;
}

/** One Debian machine with systemd as its first process and cloud-init, over a base that stays as it is. */
export class Machine {
  readonly root: string;
  private readonly options: MachineOptions;
  private container: ChildProcess | undefined;

  private constructor(options: MachineOptions) {
    this.options = options;
    this.root = path.join(options.folder, options.name, "root");
  }

  /** Made, and not switched on yet. It takes seconds beside other work, in which whoever makes it has other machines to answer. */
  static async of(options: MachineOptions): Promise<Machine> {
    const machine = new Machine(options);
    await machine.prepare();
    return machine;
  }

  private async prepare(): Promise<void> {
    const { base, folder } = this.options;
    const [upper, work] = ["upper", "work"].map((part) => path.join(folder, this.options.name, part));
    for (const made of [this.root, upper, work]) mkdirSync(made as string, { recursive: true });
    await run("mount", ["-t", "overlay", "overlay", "-o", `lowerdir=${base},upperdir=${upper},workdir=${work}`, this.root]);
    const { address, gateway, prefix = 24, hosts, files, userData, authority, name, isBare = false } = this.options;
    this.write(
      "etc/systemd/network/10-host0.network",
      `[Match]\nName=host0\n[Network]\nAddress=${address}/${prefix}\nGateway=${gateway}\n`,
    );
    this.write("etc/hosts", ["127.0.0.1 localhost", ...Object.entries(hosts).map(([host, ip]) => `${ip} ${host}`), ""].join("\n"));
    this.write("etc/hostname", `${name}\n`);
    this.write("etc/cloud/cloud.cfg", cloudConfig);
    this.write("usr/local/share/ca-certificates/try.crt", authority);
    await run("chroot", [this.root, "update-ca-certificates"]);
    for (const [file, text] of Object.entries(files)) this.write(file, text);
    if (userData !== undefined) {
      this.write("var/lib/cloud/seed/nocloud/meta-data", `instance-id: ${name}\nlocal-hostname: ${name}\n`);
      this.write("var/lib/cloud/seed/nocloud/user-data", userData);
    }
    if (isBare) return void (await run("systemctl", [`--root=${this.root}`, "enable", "--quiet", "systemd-networkd"]));
    const units = ["systemd-networkd", "cloud-init-local", "cloud-init", "cloud-config", "cloud-final"];
    await run("systemctl", [`--root=${this.root}`, "enable", "--quiet", ...units]);
    await run("systemctl", [`--root=${this.root}`, "disable", "--quiet", "nginx"]);
  }

  private write(file: string, text: string): void {
    mkdirSync(path.dirname(path.join(this.root, file)), { recursive: true });
    writeFileSync(path.join(this.root, file), text);
  }

  powerOn(): void {
    const { name, bridge } = this.options;
    const words = ["-q", "-D", this.root, "--boot", `--network-bridge=${bridge}`, `--machine=${name}`, "--register=no", "--keep-unit"];
    // A newer systemd than the host's takes control groups of version 2 alone; nspawn gives it those on either host.
    const env = { ...process.env, ...(this.options.isBare && { SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: "1" }) };
    this.container = spawn("systemd-nspawn", [...words, "--console=pipe"], { stdio: ["ignore", "ignore", "ignore"], env });
  }

  async powerOff(): Promise<void> {
    const { container } = this;
    if (!container || container.exitCode !== null || container.signalCode !== null) return;
    const ended = new Promise((resolve) => container.once("close", resolve));
    this.run("systemctl", "poweroff");
    const kill = setTimeout(() => container.kill("SIGKILL"), 60_000);
    await ended;
    clearTimeout(kill);
  }

  /** As when its power is cut. */
  kill(): void {
    const leader = this.leader();
    if (leader !== "") process.kill(Number(leader), "SIGKILL");
  }

  leader(): string {
    return spawnSync("pgrep", ["-P", String(this.container?.pid)], { encoding: "utf8" }).stdout.trim();
  }

  /** Runs a program in the machine and gives what it printed. */
  run(...words: readonly string[]): { readonly code: number | null; readonly output: string } {
    const leader = this.leader();
    if (leader === "") return { code: null, output: "the machine does not run" };
    const { status, stdout, stderr } = spawnSync("nsenter", ["-t", leader, "-a", ...words], { encoding: "utf8", maxBuffer: 64 << 20 });
    return { code: status, output: `${stdout}${stderr}` };
  }

  /** Whether systemd has started all that it was to start, however that went. */
  isUp(): boolean {
    return /^(running|degraded)/.test(this.run("systemctl", "is-system-running").output);
  }

  /** The same for what takes long: whoever runs it has others to answer meanwhile. */
  runLong(
    words: readonly string[],
    onLine: (line: string) => void = () => undefined,
  ): Promise<{ readonly code: number | null; readonly output: string }> {
    return new Promise((resolve) => {
      const child = spawn("nsenter", ["-t", this.leader(), "-a", ...words], { stdio: ["ignore", "pipe", "pipe"] });
      let output = "";
      for (const stream of [child.stdout, child.stderr]) {
        createInterface({ input: stream }).on("line", (line) => {
          output += `${line}\n`;
          onLine(line);
        });
      }
      child.on("close", (code) => resolve({ code, output }));
    });
  }

  journal(...filter: readonly string[]): string {
    return this.run("journalctl", "--no-pager", "-o", "cat", ...filter).output;
  }
}
