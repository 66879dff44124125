import { createServer } from "node:http"
import { DatabaseSync } from "node:sqlite"
import { compactVerify, importJWK } from "jose"
import type { JWK } from "jose"

/**
 * The floor: a process that does the same physical work for a callback, without the engine. It reads the body, parses
 * it, compares the credentials and verifies the signature. Then it inserts the bytes in a group commit with full
 * synchronisation.
 *
 * Its arguments are the database's path, the public key as a JWK, and the expected Authorization header. It prints
 * its port.
 */
const [, , databasePath = "", key = "", authorization = ""] = process.argv
const publicKey = await importJWK(JSON.parse(key) as JWK, "RS256")

const database = new DatabaseSync(databasePath)
database.exec(
  "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE callbacks (id INTEGER PRIMARY KEY, body BLOB)",
)
const insert = database.prepare("INSERT INTO callbacks (body) VALUES (?)")

const waiting: Array<{ readonly body: Uint8Array; readonly done: () => void }> = []

function commit(): void {
  const batch = waiting.splice(0)
  database.exec("BEGIN IMMEDIATE")
  for (const { body } of batch) insert.run(body)
  database.exec("COMMIT")
  for (const { done } of batch) done()
}

function durable(body: Uint8Array): Promise<void> {
  return new Promise((done) => {
    if (waiting.length === 0) setImmediate(commit)
    waiting.push({ body, done })
  })
}

const server = createServer((request, response) => {
  const chunks: Array<Uint8Array> = []
  request.on("data", (chunk: Uint8Array) => chunks.push(chunk))
  request.on("end", () => {
    void take(Buffer.concat(chunks), request.headers.authorization).then((status) => {
      response.writeHead(status, { "content-type": "application/json" })
      response.end("{}")
    })
  })
})

async function take(body: Buffer, credentials: string | undefined): Promise<number> {
  if (credentials !== authorization) return 401
  const { jwsData } = JSON.parse(body.toString("utf8")) as { jwsData: string }
  const { payload } = await compactVerify(jwsData, publicKey, { algorithms: ["RS256"] })
  JSON.parse(new TextDecoder().decode(payload))
  await durable(body)
  return 200
}

server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  process.stdout.write(`${typeof address === "object" ? address?.port : ""}\n`)
})
