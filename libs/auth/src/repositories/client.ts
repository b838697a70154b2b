/** Where a request comes from, as sessions and the audit trail remember it. */
export interface Client {
  /** User agent, as sent. */
  device: string | undefined
  address: string | undefined
  requestId?: string | undefined
}

/** Who does something, and from where. */
export interface By {
  actorId: number
  client: Client
}

/** As long as the columns are. */
export const clientColumns = ({ device, address }: Client) => ({
  device: device?.slice(0, 255) ?? null,
  address: address?.slice(0, 45) ?? null,
})
