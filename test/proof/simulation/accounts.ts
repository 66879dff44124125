import { AccountName } from "@loan-engine/domain/observation"

/** Three accounts, one for each kind of evidence that callbacks can have. */
export interface SimulatedAccount {
  readonly name: AccountName
  readonly password: string
  /** The base64 text that the bank sends in Authorization. Absent for an account without callback credentials. */
  readonly credentials: string | undefined
  readonly signed: boolean
}

const base64 = (text: string): string => Buffer.from(text).toString("base64")

export const accounts: readonly [SimulatedAccount, SimulatedAccount, SimulatedAccount] = [
  {
    name: AccountName.make("se"),
    password: "se-password",
    credentials: base64("bank:se-secret"),
    signed: true,
  },
  { name: AccountName.make("no"), password: "no-password", credentials: undefined, signed: true },
  {
    name: AccountName.make("dk"),
    password: "dk-password",
    credentials: base64("bank:dk-secret"),
    signed: false,
  },
]

export const callbackUrl = (account: string): string => `https://engine.example/callbacks/${account}`
export const bankUrl = "https://bank.example/cl-webservice/ApplicationService"
export const jwksUrl = "https://bank.example/api/auth_service/jwks"
