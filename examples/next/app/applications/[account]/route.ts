import { failurePage, loanPage, statusOf } from "../../../loan-page.ts"
import { engine } from "../../../engine.ts"

export const runtime = "nodejs"

const html = { "content-type": "text/html; charset=utf-8" }

interface Context {
  readonly params: Promise<{ readonly account: string }>
}

/** The bank's unchanged answer to an application: /applications/se */
export async function POST(request: Request, { params }: Context): Promise<Response> {
  try {
    const loan = await (await engine()).register(await request.text(), await params)
    return new Response(loanPage(loan), { status: 201, headers: html })
  } catch (error) {
    return new Response(failurePage, { status: statusOf(error), headers: html })
  }
}
