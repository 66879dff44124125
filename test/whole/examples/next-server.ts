/** The route modules of the Next.js example, served as Next.js would serve them. */
import { createServer } from "node:http"
import { getRequestListener } from "@hono/node-server"
import { announce } from "../../../examples/announce.ts"
import { engine } from "../../../examples/next/engine.ts"
import * as applications from "../../../examples/next/app/applications/[account]/route.ts"
import * as callbacks from "../../../examples/next/app/callbacks/[account]/route.ts"
import * as loans from "../../../examples/next/app/loans/[reference]/route.ts"

const route = (request: Request): Promise<Response> => {
  const [, area, parameter = ""] = new URL(request.url).pathname.split("/")
  const name = decodeURIComponent(parameter)
  const account = { params: Promise.resolve({ account: name }) }
  if (area === "callbacks") return callbacks.POST(request, account)
  if (area === "applications") return applications.POST(request, account)
  return loans.GET(request, { params: Promise.resolve({ reference: name }) })
}

const listener = getRequestListener(route)
const server = createServer((request, response) => void listener(request, response))
announce(server.listen(0, "127.0.0.1"), await engine())
