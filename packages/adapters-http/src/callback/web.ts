import { bodyConsumed } from "./answer.ts"
import type { CallbackAnswer } from "./answer.ts"
import type { CallbackReceiver } from "./receiver.ts"

/** Serves one callback with the web-standard `Request` and `Response`. */
export async function handleCallback(
  receiver: CallbackReceiver,
  account: string,
  request: Request,
): Promise<Response> {
  if (request.bodyUsed) return webAnswer(bodyConsumed)
  return webAnswer(await new Promise((tell) => receiver.respond(account, request, tell)))
}

export const webAnswer = ({ status, headers, body }: CallbackAnswer): Response =>
  new Response(body, { status, headers })
