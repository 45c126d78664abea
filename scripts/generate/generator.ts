/** One file that is written from the code. `make` is pure: the same checkout gives the same text. */
export interface Generator {
  readonly file: string;
  readonly make: (root: string) => string | Promise<string>;
}
