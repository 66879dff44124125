import * as NodeServices from "@effect/platform-node/NodeServices"
import { loanEngine } from "@loan-engine/app/cli/program"
import { version } from "@loan-engine/app/base/version"
import { Effect, Option } from "effect"
import { CliOutput, Command } from "effect/cli"
import type { HelpDoc } from "effect/cli"

/** The content of `docs/cli.md`: every command of the program, with its text from `--help`. */
export async function cliPage(): Promise<string> {
  const commands = await below([])
  return [introduction, ...commands.map(section)].join("\n")
}

const introduction = `# Commands

<!-- written from packages/app/src/cli; npx -y pnpm@12 test test/docs -u writes it again -->

\`loan-engine <command> --help\` prints the same. [operating.md](operating.md) says when to use which command, and what the exit codes
mean. From a checkout, write \`npx -y pnpm@12 loan-engine\` instead of \`loan-engine\`.
`

type Help = HelpDoc.HelpDoc

/** A command and all its subcommands. */
async function below(path: ReadonlyArray<string>): Promise<ReadonlyArray<Help>> {
  const help = await helpOf(path)
  const names = (help.subcommands ?? []).flatMap(({ commands }) => commands.map(({ name }) => name))
  const found: Array<Help> = names.length === 0 ? [help] : []
  for (const name of names) found.push(...(await below([...path, name])))
  return found
}

async function helpOf(path: ReadonlyArray<string>): Promise<Help> {
  let found: Help | undefined
  const kept = CliOutput.layerPresenter({
    present: (event) =>
      Effect.sync(() => {
        if ("helpDoc" in event) found = event.helpDoc
      }),
  })
  await Command.runWith(loanEngine, { version })([...path, "--help"]).pipe(
    Effect.provide(kept),
    Effect.provide(NodeServices.layer),
    Effect.ignore,
    Effect.runPromise,
  )
  if (found === undefined) throw new Error(`${path.join(" ")} --help prints no help`)
  return found
}

function section({ description, usage, flags, args = [], commandPath = [] }: Help): string {
  const parameters = [
    ...args.map((argument) => `- \`<${argument.name}>\`${described(argument)}`),
    ...flags.map(
      (flag) =>
        `- ${[`--${flag.name}`, ...flag.aliases].map((name) => `\`${name}\``).join(", ")}${described(flag)}`,
    ),
  ]
  return [
    `## ${commandPath.slice(1).join(" ")}`,
    "",
    `${description}.`.replace(/\.\.$/u, ".").replaceAll("<", "\\<"),
    "",
    "```text",
    usage,
    "```",
    "",
    ...(parameters.length === 0 ? [] : [...parameters, ""]),
  ].join("\n")
}

const described = ({ description }: { readonly description: Option.Option<string> | string }): string => {
  const text = typeof description === "string" ? description : Option.getOrElse(description, () => "")
  return text === "" ? "" : `: ${text.replaceAll("<", "\\<")}`
}
