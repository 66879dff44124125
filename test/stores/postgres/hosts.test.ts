import { hostsOf, placeOf, urlFault } from "@loan-engine/app/store/postgres/server/hosts"
import { Redacted } from "effect"
import { describe, expect, it } from "vitest"

const hosts = (url: string) =>
  hostsOf(Redacted.make(url)).map(({ name, url: one }) => [name, Redacted.value(one)])

describe("a PostgreSQL URL", () => {
  it("names one server or several, each with the rest of the URL", () => {
    expect(hosts("postgres://u:p@one/db")).toEqual([["one", "postgres://u:p@one/db"]])
    expect(hosts("postgresql://u:p%40,@one:1,[::2]:2,three/db?sslmode=require")).toEqual([
      ["one:1", "postgresql://u:p%40,@one:1/db?sslmode=require"],
      ["[::2]:2", "postgresql://u:p%40,@[::2]:2/db?sslmode=require"],
      ["three", "postgresql://u:p%40,@three/db?sslmode=require"],
    ])
    // A password that contains an @, which people write without an escape and the driver accepts.
    expect(hosts("postgres://u:p@,x@one,two/db").map(([name]) => name)).toEqual(["one", "two"])
    expect(hosts("postgres:///db?host=/run/postgresql")).toEqual([
      ["localhost", "postgres:///db?host=/run/postgresql"],
    ])
  })

  it("is shown without the user and the password", () => {
    const place = placeOf(Redacted.make("postgres://user:secret@one:1,two:2/db?sslmode=require"), "ours")
    expect(place).toBe("PostgreSQL at one:1,two:2/db, schema ours")
    expect(placeOf(Redacted.make("postgres://user:secret"), "ours")).not.toContain("secret")
  })

  it.each([
    "postgres://u:secret@one:1,two:2/db?target_session_attrs=read-write",
    "postgres://u:secret@one,two/db?target_session_attrs=primary",
    "postgres://u:secret@one:5432/db",
  ])("is accepted: %s", (url) => expect(urlFault(url)).toBeUndefined())

  it.each([
    ["postgres://u:secret@one:1,two:x/db", "…@one:5432,two:5432/database"],
    ["postgres://u:secret@one:1,,two:2/db", "…@one:5432,two:5432/database"],
    ["postgres://u:secret@one:1,/db", "…@one:5432,two:5432/database"],
    ["postgres://u:secret@one:0,two/db", "…@one:5432,two:5432/database"],
    ["postgres://u:secret@one:99999,two/db", "…@one:5432,two:5432/database"],
    ["postgres://u:secret@one,two", "…@one:5432,two:5432/database"],
    ["postgres://u:secret@one,two/", "…@one:5432,two:5432/database"],
    ["postgres:one,two/db", "…@one:5432,two:5432/database"],
    ["postgres:///db?host=one,two&password=secret", "host option"],
    ["postgres://u:secret@one,two/db?host=three", "host option"],
    ["postgres://u:secret@one,two/db?target_session_attrs=standby", "target_session_attrs"],
    ["postgres://u:secret@one/db?target_session_attrs=prefer-standby", "target_session_attrs"],
  ])("is refused with a hint, and without its password: %s", (url, told) => {
    const fault = urlFault(url)
    expect(fault).toContain(told)
    expect(fault).not.toContain("secret")
  })
})
