/** A process behind the front. */
export interface Target {
  readonly host: string;
  readonly port: number;
  /** Asked for by the front's own checks; a target without it is taken as it is. */
  isReady?: boolean;
}
