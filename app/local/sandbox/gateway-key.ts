export interface GatewayKey {
  readonly id: string;
  readonly secret: string;
}
