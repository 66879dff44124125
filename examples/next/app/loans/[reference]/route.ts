import { failurePage, loanPage, statusOf } from "../../../loan-page.ts"
import { engine } from "../../../engine.ts"

export const runtime = "nodejs"

interface Context {
  readonly params: Promise<{ readonly reference: string }>
}

const html = { "content-type": "text/html; charset=utf-8" }

export async function GET(_request: Request, { params }: Context): Promise<Response> {
  const { reference } = await params
  try {
    return new Response(loanPage(await (await engine()).loan(reference)), { headers: html })
  } catch (error) {
    return new Response(failurePage, { status: statusOf(error), headers: html })
  }
}
