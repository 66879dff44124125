import { expect, test } from "vitest"
import { makeRejectionLog } from "../../src/callback/rejection-log.ts"

test("the last rejections are kept in order, and all of them are counted", () => {
  const log = makeRejectionLog(3)
  expect([log.recent(), log.counts().size]).toEqual([[], 0])
  for (let at = 1; at <= 7; at += 1) log.add({ at, code: at % 2 === 0 ? "unauthorized" : "json-invalid" })
  expect(log.recent().map(({ at }) => at)).toEqual([5, 6, 7])
  expect(log.counts()).toEqual(
    new Map([
      ["json-invalid", 4],
      ["unauthorized", 3],
    ]),
  )
})

test("a returned list does not change afterwards", () => {
  const log = makeRejectionLog(2)
  log.add({ at: 1, code: "unauthorized" })
  const [before, counts] = [log.recent(), log.counts()]
  log.add({ at: 2, code: "unauthorized" })
  expect([before.length, counts.get("unauthorized")]).toEqual([1, 1])
})
