import { engine } from "../../../engine.ts"

/**
 * The bank's callbacks: /callbacks/se. They need Node and not the edge runtime, so: `export const runtime =
 * "nodejs"`.
 */
export const runtime = "nodejs"

interface Context {
  readonly params: Promise<{ readonly account: string }>
}

export async function POST(request: Request, { params }: Context): Promise<Response> {
  const { account } = await params
  return (await engine()).callback(account)(request)
}
